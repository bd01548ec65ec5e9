// A layer as tasks on two streams, and when each of them runs: the reference that the closed forms
// of overlap.h are tested against, and the source of timelines.
//
// Modelled: a compute and a network stream, each taking its tasks in the given order; a task starts
//   when its stream is free and the tasks it needs have ended; with phase barriers also not before
//   every task of the earlier phases has ended.
// Left out: tasks that share a stream or slow each other down (the stages' times include that).
// Source: the schedules in the figures of DeepSeek's profile-data (decode five stages, prefill two
//   micro-batches).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "epfleet/timing/overlap.h"

namespace epfleet::timing {

enum class Stream { Compute, Network };
enum class Stage { Attn, Attn0, Attn1, Shared, Mlp, Dispatch, Combine };

// "ATTN-0", "DISPATCH": as the published figures call them; "attn0", "dispatch": in files.
[[nodiscard]] std::string_view stage_name(Stage stage);
[[nodiscard]] std::string_view stage_key(Stage stage);
[[nodiscard]] constexpr Stream stream_of(Stage stage) {
  return stage == Stage::Dispatch || stage == Stage::Combine ? Stream::Network : Stream::Compute;
}

struct Task {
  Stage stage = Stage::Attn;
  Stream stream = Stream::Compute;
  std::int32_t micro_batch = 0;
  std::int32_t layer = 0;  // of the graph, from 0
  std::int32_t phase = 0;  // counted over all layers; never falls from task to task
  double duration_s = 0.0;
  std::vector<std::size_t> needs;  // positions of earlier tasks
};

// In an order in which every stream may take its tasks and every need comes first.
using TaskGraph = std::vector<Task>;

struct TaskSpan {
  double start_s = 0.0, end_s = 0.0;
};

// When each task runs, from time 0 with both streams free.
[[nodiscard]] std::vector<TaskSpan> schedule(const TaskGraph& graph, bool phase_barriers);
// The end of the last task; of the last one on that stream.
[[nodiscard]] double end_of(std::span<const TaskSpan> spans);
[[nodiscard]] double end_of(const TaskGraph& graph, std::span<const TaskSpan> spans, Stream stream);

// --- the layers of the published schedules, `layers` of them in a row. Micro-batch 0 is half a
// layer ahead, as in the figures: its attention of the next layer ends a layer of the graph.

// Compute:  SHARED(0) ATTN-0(1)  MLP(0)  ATTN-1(1)   SHARED(1) ATTN-0(0)  MLP(1)  ATTN-1(0)
// Network:  DISPATCH(0)                  COMBINE(0)  DISPATCH(1)                  COMBINE(1)
[[nodiscard]] TaskGraph decode_graph(const DecodeHalves& halves, std::int32_t layers);
// Compute:  ATTN(1) SHARED(0)  ATTN(0)      MLP(1)       MLP(0) SHARED(1)
// Network:  COMBINE(0)         DISPATCH(1)  DISPATCH(0)  COMBINE(1)
[[nodiscard]] TaskGraph prefill_graph(const PrefillHalf& half, std::int32_t layers);
// One batch without overlap: the stages of a layer in their order, and one after another.
struct StageDuration {
  Stage stage = Stage::Attn;
  double duration_s = 0.0;
};
[[nodiscard]] std::vector<StageDuration> one_after_another(const DecodeStages& stages);
[[nodiscard]] std::vector<StageDuration> one_after_another(const PrefillHalf& half);
[[nodiscard]] TaskGraph graph_without_overlap(std::span<const StageDuration> stages,
                                              std::int32_t layers);

// --- stages on a grid of 2^-40 s, about a picosecond. Sums of multiples of it are exact in a
// double up to hours, so there closed form and task graph agree to the last bit, in any order.
[[nodiscard]] double on_time_grid(double seconds);
[[nodiscard]] DecodeHalves on_time_grid(const DecodeHalves& halves);
[[nodiscard]] PrefillHalf on_time_grid(const PrefillHalf& half);

}  // namespace epfleet::timing
