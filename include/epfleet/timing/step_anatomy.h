// One step of a unit whose GPUs are all alike, taken apart: where its time goes.
//
// Modelled: what the pricers add up, part by part; beside it the layer with and without phase
//   barriers, and the layer as a task graph, for a timeline.
// Left out: imbalance between GPUs other than that of the experts.
// Source: the same functions as the pricers; the rows of the breakdown are those of DeepSeek's
//   charts (breakdown.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "epfleet/timing/breakdown.h"
#include "epfleet/timing/decode_layer.h"
#include "epfleet/timing/prefill_layer.h"
#include "epfleet/timing/task_graph.h"

namespace epfleet::timing {

struct StageTime {
  std::string name;  // "attn0"
  double seconds = 0.0;
};

// What lies between two barriers of a layer.
struct PhaseTime {
  std::string name;  // "SHARED(0) + ATTN-0(1) | DISPATCH(0)"
  std::string key;   // "dispatch_0": by the transfer under it, or by its one stage
  double compute_s = 0.0, network_s = 0.0;
  [[nodiscard]] double seconds() const { return compute_s > network_s ? compute_s : network_s; }
  [[nodiscard]] bool bound_by_network() const { return network_s > compute_s; }
};

struct StepAnatomy {
  double step_s = 0.0;
  // step = (moe_layers + mtp_layers) x layer + dense layers + head + waiting for launches + host
  std::int64_t moe_layers = 0, mtp_layers = 0;
  double layer_s = 0.0;  // both micro-batches, as the layout overlaps them
  double dense_layers_s = 0.0, head_s = 0.0, host_s = 0.0;
  // The GPUs wait so long for a host that launches every kernel itself.
  double launch_wait_s = 0.0;
  // What of the step is the inference engine's: the step less that of an engine that costs nothing.
  double engine_s = 0.0;

  // Two micro-batches, or one batch without overlap; with `auto` the faster, and then the step the
  // other way.
  bool dual_batch = true;
  std::optional<double> other_way_s;

  // The same layer both ways; equal without overlap. The gap is what barriers cost.
  double with_barriers_s = 0.0, without_barriers_s = 0.0;
  [[nodiscard]] double gap_ratio() const {
    return with_barriers_s > 0.0 ? 1.0 - without_barriers_s / with_barriers_s : 0.0;
  }

  std::vector<StageTime> stages;  // of one micro-batch: the mean of both
  std::vector<PhaseTime> phases;  // of one layer, in order
  LayerBreakdown breakdown;
  double expert_imbalance = 1.0;  // max / mean over the GPUs that was applied
  std::vector<std::string> outside_calibration;
  TaskGraph graph;  // all layers with experts
};

// Of every GPU: `requests` in the batch, `kv_tokens` in all of them. Stages are on the time grid
// (task_graph.h), so with_barriers_s is the task graph's layer to the last bit.
// REQUIRES: requests >= 1, kv_tokens > 0.
[[nodiscard]] StepAnatomy decode_anatomy(const DecodeLayer& layer, double requests,
                                         double kv_tokens);

// Of every GPU: new tokens, earlier tokens whose keys are computed again, (query, key) pairs, and
// prompts that end in the step (a mean need not be whole). REQUIRES: tokens > 0.
struct PrefillBatch {
  double tokens = 0.0, prefix_tokens = 0.0, pairs = 0.0, sequences = 0.0;
};
[[nodiscard]] StepAnatomy prefill_anatomy(const PrefillLayer& layer, const PrefillBatch& batch);

// The mean step of prompts of that length, nothing cached: whole prompts, or, where a prompt has
// more tokens than a GPU takes in a step, its chunks one a step.
[[nodiscard]] PrefillBatch batch_of_prompts(double tokens, double prompt_tokens);

}  // namespace epfleet::timing
