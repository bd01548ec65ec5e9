// The layers of the published schedules as task graphs.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "epfleet/timing/task_graph.h"

namespace epfleet::timing {
namespace {

using Position = std::optional<std::size_t>;  // none: done before the graph begins

// Adds tasks phase by phase.
class GraphBuilder {
 public:
  explicit GraphBuilder(std::size_t tasks) { graph_.reserve(tasks); }

  void next_layer(std::int32_t layer) { layer_ = layer; }
  void next_phase() { ++phase_; }

  std::size_t add(Stage stage, std::int32_t micro_batch, double duration_s, Position need) {
    graph_.push_back({.stage = stage,
                      .stream = stream_of(stage),
                      .micro_batch = micro_batch,
                      .layer = layer_,
                      .phase = phase_,
                      .duration_s = duration_s,
                      .needs = {}});
    if (need) {
      graph_.back().needs.push_back(*need);
    }
    return graph_.size() - 1;
  }
  [[nodiscard]] TaskGraph take() { return std::move(graph_); }

 private:
  TaskGraph graph_;
  std::int32_t layer_ = 0, phase_ = 0;
};

// The ends that the other micro-batch's next stages wait for.
struct DecodeEnds {
  Position attn1, combine;
};

// Half a layer: DISPATCH, MLP and COMBINE of one micro-batch over the attention of the other.
void add_half_layer(GraphBuilder& graph, const DecodeHalves& halves, std::int32_t own_batch,
                    std::array<DecodeEnds, 2>& ends) {
  const auto i = static_cast<std::size_t>(own_batch);
  const std::int32_t other_batch = 1 - own_batch;
  DecodeEnds& own = ends[i];
  DecodeEnds& other = ends[1 - i];
  const DecodeStages& stages = halves.stages[i];
  // A GPU does SHARED and ATTN-0 without a barrier: ATTN-0 has what is left of both.
  const double attn0_s = std::max(0.0, halves.beside_dispatch_s[i] - stages.shared_s);

  graph.next_phase();
  graph.add(Stage::Shared, own_batch, stages.shared_s, own.attn1);
  const std::size_t attn0 = graph.add(Stage::Attn0, other_batch, attn0_s, other.combine);
  const std::size_t dispatch = graph.add(Stage::Dispatch, own_batch, stages.dispatch_s, own.attn1);
  graph.next_phase();
  const std::size_t mlp = graph.add(Stage::Mlp, own_batch, stages.mlp_s, dispatch);
  graph.next_phase();
  other.attn1 = graph.add(Stage::Attn1, other_batch, halves.beside_combine_s[i], attn0);
  own.combine = graph.add(Stage::Combine, own_batch, stages.combine_s, mlp);
}

}  // namespace

TaskGraph decode_graph(const DecodeHalves& halves, std::int32_t layers) {
  constexpr std::size_t kTasks = 12;
  GraphBuilder graph(kTasks * static_cast<std::size_t>(std::max(0, layers)));
  std::array<DecodeEnds, 2> ends;
  for (std::int32_t layer = 0; layer < layers; ++layer) {
    graph.next_layer(layer);
    add_half_layer(graph, halves, 0, ends);
    add_half_layer(graph, halves, 1, ends);
  }
  return graph.take();
}

TaskGraph prefill_graph(const PrefillHalf& half, std::int32_t layers) {
  constexpr std::size_t kTasks = 10;
  const PrefillStages& s = half.stages;
  // SHARED(0) follows ATTN(1) without a barrier; both are those of the GPU with the largest sum.
  const double shared_s = std::max(0.0, half.attn_shared_s - s.attn_s);
  GraphBuilder graph(kTasks * static_cast<std::size_t>(std::max(0, layers)));
  Position mlp_zero, combine_one, attn_zero;
  for (std::int32_t layer = 0; layer < layers; ++layer) {
    graph.next_layer(layer);
    graph.next_phase();
    const std::size_t attn_one = graph.add(Stage::Attn, 1, s.attn_s, combine_one);
    graph.add(Stage::Shared, 0, shared_s, attn_zero);
    const std::size_t combine_zero = graph.add(Stage::Combine, 0, s.combine_s, mlp_zero);
    graph.next_phase();
    attn_zero = graph.add(Stage::Attn, 0, s.attn_s, combine_zero);
    const std::size_t dispatch_one = graph.add(Stage::Dispatch, 1, s.dispatch_s, attn_one);
    graph.next_phase();
    const std::size_t mlp_one = graph.add(Stage::Mlp, 1, s.mlp_s, dispatch_one);
    const std::size_t dispatch_zero = graph.add(Stage::Dispatch, 0, s.dispatch_s, attn_zero);
    graph.next_phase();
    mlp_zero = graph.add(Stage::Mlp, 0, s.mlp_s, dispatch_zero);
    graph.add(Stage::Shared, 1, s.shared_s, attn_one);
    combine_one = graph.add(Stage::Combine, 1, s.combine_s, mlp_one);
  }
  return graph.take();
}

std::vector<StageDuration> one_after_another(const DecodeStages& s) {
  return {{Stage::Attn0, s.attn0_s},   {Stage::Attn1, s.attn1_s},
          {Stage::Shared, s.shared_s}, {Stage::Dispatch, s.dispatch_s},
          {Stage::Mlp, s.mlp_s},       {Stage::Combine, s.combine_s}};
}

std::vector<StageDuration> one_after_another(const PrefillHalf& half) {
  const PrefillStages& s = half.stages;
  return {{Stage::Attn, s.attn_s},
          {Stage::Shared, std::max(0.0, half.attn_shared_s - s.attn_s)},
          {Stage::Dispatch, s.dispatch_s},
          {Stage::Mlp, s.mlp_s},
          {Stage::Combine, s.combine_s}};
}

TaskGraph graph_without_overlap(std::span<const StageDuration> stages, std::int32_t layers) {
  GraphBuilder graph(stages.size() * static_cast<std::size_t>(std::max(0, layers)));
  Position before;
  for (std::int32_t layer = 0; layer < layers; ++layer) {
    graph.next_layer(layer);
    graph.next_phase();
    for (const auto& [stage, duration_s] : stages) {
      before = graph.add(stage, 0, duration_s, before);
    }
  }
  return graph.take();
}

}  // namespace epfleet::timing
