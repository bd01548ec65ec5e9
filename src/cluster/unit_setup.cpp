#include "epfleet/cluster/unit_setup.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "epfleet/base/error.h"
#include "epfleet/cluster/expert_setup.h"
#include "epfleet/cluster/start_up.h"
#include "epfleet/experts/expert_load.h"
#include "epfleet/policy/registry.h"

namespace epfleet::cluster {
namespace {

std::int64_t kv_room(const FleetSpec& spec, const model::MemoryPlan& plan, const char* phase) {
  const std::int64_t room = plan.kv_capacity_tokens();
  if (room < spec.workload.context_limit) {
    throw base::InputError(
        {.key = fmt::format("{}.gpus", phase),
         .what = fmt::format("a {} GPU has room for {} tokens of KV beside {:.1f} GB of weights, "
                             "fewer than one context of {}",
                             phase, room, static_cast<double>(plan.weights.count()) * 1e-9,
                             spec.workload.context_limit),
         .remedy = "use more GPUs per unit, fewer redundant experts, or a shorter "
                   "workload.context_limit"});
  }
  return room;
}

}  // namespace

std::unique_ptr<policy::ScalingRule> make_scaling_rule(const FleetSpec& spec,
                                                       const policy::UnitProfile* profile) {
  const auto seconds = [](const metrics::SloLimit& limit) {
    return limit.limit ? std::optional(base::to_seconds(*limit.limit)) : std::nullopt;
  };
  std::optional<std::int64_t> pool_gpus;
  if (spec.fleet.pool_nodes) {
    pool_gpus = *spec.fleet.pool_nodes * spec.decode_hardware.gpus_per_node;
  }
  base::Duration start_up{};
  if (profile != nullptr) {  // else the layout may be none yet
    start_up = std::max(prefill_start_up(spec, spec.prefill_unit_nodes()),
                        decode_start_up(spec, spec.decode_unit_nodes()));
  }
  return policy::scaling_rules()[spec.scaling.policy]({spec.scaling,
                                                       spec.fleet.base,
                                                       spec.fleet.group,
                                                       spec.fleet.groups,
                                                       spec.run_start(),
                                                       spec.run_end(),
                                                       {spec.prefill.gpus, spec.decode.gpus},
                                                       pool_gpus,
                                                       start_up,
                                                       seconds(spec.slo.ttft),
                                                       seconds(spec.slo.tpot),
                                                       profile,
                                                       spec.known_demand});
}

std::vector<Allotment> allotments_without_load(const FleetSpec& spec) {
  const auto rule = make_scaling_rule(spec);
  const base::TimePoint end = spec.window_end();
  if (rule->follows_load()) {
    return {{spec.run_start(), end, rule->most_units()}};
  }
  std::vector<Allotment> all;
  policy::FleetView view;
  for (base::TimePoint now = spec.run_start(); all.empty() || now < end; now = view.target.next) {
    view.target = rule->decide(view, now);
    if (all.empty() || view.target.allotted != all.back().units) {
      if (!all.empty()) {
        all.back().until = now;
      }
      all.push_back({now, end, view.target.allotted});
    }
  }
  return all;
}

std::int64_t kv_bytes_per_token(const FleetSpec& spec) {
  return spec.model.kv_bytes_per_token(spec.decode.mtp.enabled);
}

namespace {

// What the scenario states; else what the engine's makers saw, where experts differ at all; else
// what skew and placement make.
std::optional<double> stated_imbalance(const FleetSpec& spec,
                                       const std::optional<double>& of_scenario,
                                       const std::optional<double>& of_engine) {
  return of_scenario || spec.experts.skew == serving::kEvenExperts ? of_scenario : of_engine;
}

}  // namespace

model::ExpertImbalance prefill_imbalance(const FleetSpec& spec) {
  const auto stated =
      stated_imbalance(spec, spec.experts.max_over_mean.prefill, spec.engine.prefill_max_over_mean);
  return stated ? model::ExpertImbalance{{*stated}}
                : experts::expected_imbalance(prefill_expert_load(spec));
}

model::ExpertImbalance decode_imbalance(const FleetSpec& spec) {
  const auto stated =
      stated_imbalance(spec, spec.experts.max_over_mean.decode, spec.engine.decode_max_over_mean);
  return stated ? model::ExpertImbalance{{*stated}}
                : experts::expected_imbalance(decode_expert_load(spec));
}

StepPricers make_step_pricers(const FleetSpec& spec, base::Worker* worker) {
  model::ExpertImbalance in_prefill, in_decode;
  base::Worker::both(
      worker, [&] { in_decode = decode_imbalance(spec); },
      [&] { in_prefill = prefill_imbalance(spec); });
  return {timing::PrefillPricer(
              {spec.prefill_hardware, spec.model, prefill_layout(spec), std::move(in_prefill)}),
          timing::DecodePricer(
              {spec.decode_hardware, spec.model, decode_layout(spec), std::move(in_decode)}),
          prefill_stall(spec), decode_stall(spec)};
}

serving::PrefillUnitLimits prefill_limits(const FleetSpec& spec,
                                          const timing::PrefillPricer& pricer) {
  const auto tokens = static_cast<std::int32_t>(spec.prefill.max_tokens_per_gpu.count());
  return {.gpus = static_cast<std::int32_t>(spec.prefill.gpus),
          .max_tokens_per_gpu = tokens,
          .work_budget_s = serving::standard_work_budget_s(pricer.work(), tokens),
          .chunk_grain = static_cast<std::int32_t>(spec.prefill.chunk_grain),
          .kv_capacity_tokens = kv_room(spec, prefill_memory(spec), "prefill"),
          .placement = spec.prefill.placement};
}

namespace {

// In tokens, each of which may take a step. Plain answers are limited by the context alone, and
// what scales lengths does so behind all limits.
std::int64_t longest_answer(const workload::WorkloadConfig& load) {
  const std::int64_t limit = std::max(load.output_limit_v3, load.output_limit_r1);
  const double scaled = static_cast<double>(limit) * std::max(1.0, load.scale.output);
  const bool plain = load.source == workload::SourceKind::Plain;
  return std::max(plain ? workload::scaled_context_limit(load) : limit,
                  static_cast<std::int64_t>(std::ceil(scaled)));
}

}  // namespace

serving::DecodeUnitLimits decode_limits(const FleetSpec& spec) {
  const model::DecodeLayout layout = decode_layout(spec);
  const workload::WorkloadConfig& load = spec.workload;
  // One batch has no halves to stay in.
  const bool sticky = layout.dual_batch() && spec.decode.microbatch == serving::Microbatch::Sticky;
  return {.gpus = static_cast<std::int32_t>(layout.gpus),
          .max_requests_per_gpu = static_cast<std::int32_t>(layout.max_requests_per_gpu),
          .kv_capacity_tokens = kv_room(spec, decode_memory(spec), "decode"),
          .longest_stay_steps = static_cast<std::int32_t>(longest_answer(load)),
          .microbatch = sticky ? serving::Microbatch::Sticky : serving::Microbatch::Reform,
          .batching = spec.decode.batching};
}

}  // namespace epfleet::cluster
