#include "epfleet/timing/task_graph.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "epfleet/base/error.h"

namespace epfleet::timing {

namespace {

struct StageWords {
  std::string_view name, key;
};
constexpr std::array<StageWords, 7> kStages{{{"ATTN", "attn"},
                                             {"ATTN-0", "attn0"},
                                             {"ATTN-1", "attn1"},
                                             {"SHARED", "shared"},
                                             {"MLP", "mlp"},
                                             {"DISPATCH", "dispatch"},
                                             {"COMBINE", "combine"}}};

}  // namespace

std::string_view stage_name(Stage stage) { return kStages[static_cast<std::size_t>(stage)].name; }

std::string_view stage_key(Stage stage) { return kStages[static_cast<std::size_t>(stage)].key; }

std::vector<TaskSpan> schedule(const TaskGraph& graph, bool phase_barriers) {
  std::vector<TaskSpan> spans;
  spans.reserve(graph.size());
  std::array<double, 2> free_from{};  // by stream
  double barrier = 0.0;               // end of all earlier phases
  double latest = 0.0;
  for (const Task& task : graph) {
    const bool new_phase = !spans.empty() && graph[spans.size() - 1].phase != task.phase;
    if (phase_barriers && new_phase) {
      barrier = latest;
    }
    double& free = free_from[static_cast<std::size_t>(task.stream)];
    double start = std::max(free, barrier);
    for (const std::size_t need : task.needs) {
      EPFLEET_CHECK(need < spans.size(), "a task needs earlier tasks only");
      start = std::max(start, spans[need].end_s);
    }
    const double end = start + task.duration_s;
    spans.push_back({start, end});
    free = end;
    latest = std::max(latest, end);
  }
  return spans;
}

double end_of(std::span<const TaskSpan> spans) {
  return spans.empty() ? 0.0 : std::ranges::max(spans, {}, &TaskSpan::end_s).end_s;
}

double end_of(const TaskGraph& graph, std::span<const TaskSpan> spans, Stream stream) {
  double end = 0.0;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    end = graph[i].stream == stream ? std::max(end, spans[i].end_s) : end;
  }
  return end;
}

double on_time_grid(double seconds) { return std::ldexp(std::round(std::ldexp(seconds, 40)), -40); }

DecodeHalves on_time_grid(const DecodeHalves& halves) {
  DecodeHalves grid = halves;
  for (std::size_t i = 0; i < 2; ++i) {
    for (double* stage :
         {&grid.stages[i].shared_s, &grid.stages[i].attn0_s, &grid.stages[i].attn1_s,
          &grid.stages[i].mlp_s, &grid.stages[i].dispatch_s, &grid.stages[i].combine_s,
          &grid.beside_dispatch_s[i], &grid.beside_combine_s[i]}) {
      *stage = on_time_grid(*stage);
    }
  }
  return grid;
}

PrefillHalf on_time_grid(const PrefillHalf& half) {
  PrefillHalf grid = half;
  for (double* stage : {&grid.stages.attn_s, &grid.stages.shared_s, &grid.stages.mlp_s,
                        &grid.stages.dispatch_s, &grid.stages.combine_s, &grid.attn_shared_s}) {
    *stage = on_time_grid(*stage);
  }
  return grid;
}

}  // namespace epfleet::timing
