#include "epfleet/timing/step_anatomy.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "epfleet/base/arithmetic.h"
#include "epfleet/base/error.h"
#include "epfleet/base/time.h"
#include "epfleet/timing/calibrated_range.h"

namespace epfleet::timing {
namespace {

using base::real;

void add_up(StepAnatomy& step, double launches_s) {
  const double gpus_s =
      real(step.moe_layers + step.mtp_layers) * step.layer_s + step.dense_layers_s + step.head_s;
  step.launch_wait_s = std::max(0.0, launches_s - gpus_s);
  step.step_s = gpus_s + step.launch_wait_s + step.host_s;
}

// Costs nothing; the experts are as they are.
model::Engine free_engine() {
  model::Engine engine;
  engine.host_time = {};
  return engine;
}

// Without overlap every stage is a phase of its own.
void set_sequential(StepAnatomy& step, const std::vector<StageDuration>& stages,
                    std::int32_t layers) {
  step.with_barriers_s = step.without_barriers_s = step.layer_s;
  step.graph = graph_without_overlap(stages, layers);
  for (const auto& [stage, duration_s] : stages) {
    const bool network = stream_of(stage) == Stream::Network;
    step.phases.push_back({std::string(stage_name(stage)), std::string(stage_key(stage)),
                           network ? 0.0 : duration_s, network ? duration_s : 0.0});
  }
}

// The faster of both ways, as the pricers choose.
StepAnatomy faster(StepAnatomy halved, StepAnatomy whole) {
  const double halved_s = halved.step_s, whole_s = whole.step_s;
  const bool halves = halved_s <= whole_s;
  StepAnatomy taken = halves ? std::move(halved) : std::move(whole);
  taken.other_way_s = halves ? whole_s : halved_s;
  return taken;
}

// --- decode

std::vector<StageTime> mean_stages(const DecodeHalves& halves, bool dual) {
  const DecodeStages& a = halves.stages[0];
  const DecodeStages& b = dual ? halves.stages[1] : halves.stages[0];
  const auto mean = [](double x, double y) { return (x + y) / 2.0; };
  return {
      {"shared", mean(a.shared_s, b.shared_s)},       {"attn0", mean(a.attn0_s, b.attn0_s)},
      {"attn1", mean(a.attn1_s, b.attn1_s)},          {"mlp", mean(a.mlp_s, b.mlp_s)},
      {"dispatch", mean(a.dispatch_s, b.dispatch_s)}, {"combine", mean(a.combine_s, b.combine_s)}};
}

std::vector<PhaseTime> five_stages(const DecodeHalves& halves) {
  const DecodeStages& zero = halves.stages[0];
  const DecodeStages& one = halves.stages[1];
  return {{"SHARED(0) + ATTN-0(1) | DISPATCH(0)", "dispatch_0", halves.beside_dispatch_s[0],
           zero.dispatch_s},
          {"MLP(0)", "mlp_0", zero.mlp_s, 0.0},
          {"ATTN-1(1) | COMBINE(0)", "combine_0", halves.beside_combine_s[0], zero.combine_s},
          {"SHARED(1) + ATTN-0(0) | DISPATCH(1)", "dispatch_1", halves.beside_dispatch_s[1],
           one.dispatch_s},
          {"MLP(1)", "mlp_1", one.mlp_s, 0.0},
          {"ATTN-1(0) | COMBINE(1)", "combine_1", halves.beside_combine_s[1], one.combine_s}};
}

// --- prefill

std::vector<StageTime> stages_of(const PrefillHalf& half) {
  const PrefillStages& s = half.stages;
  return {{"attn", s.attn_s},
          {"shared", s.shared_s},
          {"mlp", s.mlp_s},
          {"dispatch", s.dispatch_s},
          {"combine", s.combine_s}};
}

std::vector<PhaseTime> four_phases(const PrefillHalf& half) {
  const PrefillStages& s = half.stages;
  return {{"ATTN(1) + SHARED(0) | COMBINE(0)", "combine_0", half.attn_shared_s, s.combine_s},
          {"ATTN(0) | DISPATCH(1)", "dispatch_1", s.attn_s, s.dispatch_s},
          {"MLP(1) | DISPATCH(0)", "dispatch_0", s.mlp_s, s.dispatch_s},
          {"MLP(0) + SHARED(1) | COMBINE(1)", "combine_1", s.mlp_s + s.shared_s, s.combine_s}};
}

}  // namespace

namespace {

StepAnatomy decode_step(const DecodeLayer& layer, double requests, double kv_tokens) {
  const model::DecodeLayout& layout = layer.layout();
  if (layout.overlap == model::Overlap::Auto) {
    return faster(decode_step(layer.as(model::Overlap::DualBatch), requests, kv_tokens),
                  decode_step(layer.as(model::Overlap::None), requests, kv_tokens));
  }
  const model::Model& model = layer.model();
  const DecodeHalves halves = on_time_grid(decode_halves(layer, requests, kv_tokens));
  StepAnatomy step;
  step.dual_batch = layout.dual_batch();
  step.moe_layers = model.moe_layers();
  step.mtp_layers = layout.draft_tokens * model.mtp_layers;
  const auto layers = static_cast<std::int32_t>(step.moe_layers + step.mtp_layers);
  step.layer_s = layer_s(layer, halves);
  step.stages = mean_stages(halves, layout.dual_batch());
  if (layout.dual_batch()) {
    step.with_barriers_s = decode_layer_with_barriers(halves);
    step.without_barriers_s = decode_layer_without_barriers(halves);
    step.phases = five_stages(halves);
    step.graph = decode_graph(halves, layers);
  } else {
    set_sequential(step, one_after_another(halves.stages[0]), layers);
  }
  step.dense_layers_s = layer.dense_layers_fixed_s(requests) +
                        real(model.dense_layers) * kv_tokens *
                            layer.as(model::Overlap::None).attn1_per_kv_token_s(requests);
  step.head_s = layer.head_s(requests);
  step.host_s = base::to_seconds(layout.engine.host_time);
  add_up(step, layer.launches_s());
  step.breakdown = decode_breakdown(layer, requests, kv_tokens);
  const double larger = layout.dual_batch() ? std::ceil(requests / 2.0) : requests;
  step.expert_imbalance = layer.imbalance(larger * real(layout.gpus));
  step.outside_calibration = outside_calibration(
      kDecodeRanges,
      {larger * real(layout.tokens_per_request()), kv_tokens / requests, real(layout.gpus)});
  return step;
}

StepAnatomy prefill_step(const PrefillLayer& layer, const PrefillBatch& batch) {
  const model::PrefillLayout& layout = layer.layout();
  if (layout.overlap == model::Overlap::Auto) {
    return faster(prefill_step(layer.as(model::Overlap::DualBatch), batch),
                  prefill_step(layer.as(model::Overlap::None), batch));
  }
  const PrefillHalf half =
      on_time_grid(prefill_half(layer, batch.tokens, batch.prefix_tokens, batch.pairs));
  StepAnatomy step;
  step.dual_batch = layout.dual_batch();
  step.moe_layers = layer.model().moe_layers();
  step.mtp_layers = layer.moe_layer_equivalents() - step.moe_layers;
  const auto layers = static_cast<std::int32_t>(layer.moe_layer_equivalents());
  step.layer_s = layer_s(layer, half);
  step.stages = stages_of(half);
  if (layout.dual_batch()) {
    step.with_barriers_s = prefill_layer_with_barriers(half);
    step.without_barriers_s = prefill_layer_without_barriers(half, layers);
    step.phases = four_phases(half);
    step.graph = prefill_graph(half, layers);
  } else {
    set_sequential(step, one_after_another(half), layers);
  }
  step.dense_layers_s = layer.dense_layers_fixed_s(batch.tokens) +
                        batch.prefix_tokens * layer.dense_layers_per_prefix_token_s() +
                        batch.pairs * layer.dense_layers_per_pair_s();
  step.head_s = layer.head_s(batch.sequences);
  add_up(step, layer.launches_s());
  step.breakdown = prefill_breakdown(layer, batch.tokens, batch.prefix_tokens, batch.pairs);
  step.expert_imbalance =
      layer.imbalance(batch.tokens * real(layout.gpus) / real(layout.micro_batches()));
  step.outside_calibration = outside_calibration(
      kPrefillRanges, {batch.tokens, batch.pairs / batch.tokens, real(layout.gpus)});
  return step;
}

}  // namespace

StepAnatomy decode_anatomy(const DecodeLayer& layer, double requests, double kv_tokens) {
  EPFLEET_CHECK(requests >= 1.0 && kv_tokens > 0.0, "a decode step has requests with KV");
  StepAnatomy step = decode_step(layer, requests, kv_tokens);
  step.engine_s =
      step.step_s - decode_step(layer.run_by(free_engine()), requests, kv_tokens).step_s;
  return step;
}

StepAnatomy prefill_anatomy(const PrefillLayer& layer, const PrefillBatch& batch) {
  EPFLEET_CHECK(batch.tokens > 0.0, "a prefill step computes tokens");
  StepAnatomy fastest;
  for (const KeysRead keys : layer.ways_to_read()) {
    const PrefillLayer way = layer.reading(keys);
    StepAnatomy step = prefill_step(way, batch);
    if (keys == KeysRead::All || step.step_s < fastest.step_s) {
      step.engine_s = step.step_s - prefill_step(way.run_by(free_engine()), batch).step_s;
      fastest = std::move(step);
    }
  }
  return fastest;
}

// A prompt of P tokens has P (P + 1) / 2 pairs. Its chunks of T tokens follow 0, T, 2 T ... earlier
// ones: (P - T) / 2 on average.
PrefillBatch batch_of_prompts(double tokens, double prompt_tokens) {
  return {.tokens = tokens,
          .prefix_tokens = std::max(0.0, (prompt_tokens - tokens) / 2.0),
          .pairs = tokens * (prompt_tokens + 1.0) / 2.0,
          .sequences = tokens / prompt_tokens};
}

}  // namespace epfleet::timing
