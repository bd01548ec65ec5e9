#include "epfleet/cluster/full_steps.h"

#include <algorithm>
#include <vector>

namespace epfleet::cluster {
namespace {

// Of a step in which every GPU has so many requests of so much KV.
double even_decode_seconds(const FleetSpec& spec, const timing::DecodePricer& pricer,
                           std::int32_t requests_per_gpu, double kv_tokens) {
  const auto gpus = static_cast<std::size_t>(spec.decode.gpus);
  constexpr double kMostTokens = 7'812'500.0;  // within the range of TokenParts32
  const std::vector<std::int32_t> requests(gpus, requests_per_gpu);
  const double kv = std::min(requests_per_gpu * kv_tokens, kMostTokens);
  const std::vector held(gpus, base::TokenParts32::round_down(kv));
  return base::to_seconds(pricer.price(requests, held).duration);
}

}  // namespace

timing::PrefillLoad standard_prefill_load(std::int32_t tokens) {
  timing::PrefillLoad load;
  load.tokens = tokens;
  load.attention_pairs = static_cast<double>(tokens) / serving::kStandardPrompt *
                         serving::PrefillUnit::pairs(serving::kStandardPrompt, 0);
  return load;
}

FullStep full_prefill_step(const FleetSpec& spec, const StepPricers& pricers, const StepMix& mix) {
  const serving::PrefillUnitLimits limits = prefill_limits(spec, pricers.prefill);
  const timing::PrefillWork& work = pricers.prefill.work();
  const double work_per_token =
      work.seconds(1.0, mix.cached_per_computed_token, mix.pairs_per_computed_token);
  const double tokens =
      std::min<double>(limits.max_tokens_per_gpu, limits.work_budget_s / work_per_token);
  const double requests = tokens / std::max(mix.computed_tokens_per_request, 1.0);
  timing::PrefillLoad load;
  load.tokens = std::max(1, static_cast<std::int32_t>(tokens));
  load.prefix_tokens = static_cast<std::int32_t>(tokens * mix.cached_per_computed_token);
  load.sequences = static_cast<std::int32_t>(requests);
  load.attention_pairs = tokens * mix.pairs_per_computed_token;
  std::vector<timing::PrefillLoad> loads(static_cast<std::size_t>(limits.gpus), load);
  // Of so many GPUs some have short prompts, to the budget of tokens, and some long ones, to that
  // of work: the step lasts as long as one of a GPU that has both.
  loads.front() = standard_prefill_load(limits.max_tokens_per_gpu);
  loads.front().sequences = load.sequences;
  return {static_cast<double>(load.tokens), requests,
          base::to_seconds(pricers.prefill.price(loads).duration)};
}

FullStep even_decode_step(const FleetSpec& spec, const StepPricers& pricers, const StepMix& mix,
                          double requests_per_gpu) {
  const auto seconds_of = [&](std::int32_t batch) {
    return even_decode_seconds(spec, pricers.decode, batch, mix.kv_tokens_per_request);
  };
  const auto below = static_cast<std::int32_t>(requests_per_gpu);
  const double part = requests_per_gpu - below;
  const double seconds =
      (1.0 - part) * seconds_of(below) + (part > 0.0 ? part * seconds_of(below + 1) : 0.0);
  const serving::MtpConfig& mtp = spec.decode.mtp;
  return {requests_per_gpu * mtp.tokens_per_step(mtp.acceptance), requests_per_gpu, seconds};
}

FullStep full_decode_step(const FleetSpec& spec, const StepPricers& pricers, const StepMix& mix) {
  const serving::DecodeUnitLimits limits = decode_limits(spec);
  const double by_memory =
      static_cast<double>(limits.kv_capacity_tokens) / std::max(mix.kv_tokens_per_request, 1.0);
  const double requests = std::clamp<double>(by_memory, 1.0, limits.max_requests_per_gpu);
  return even_decode_step(spec, pricers, mix, requests);
}

std::optional<FullStep> decode_step_within(const FleetSpec& spec, const StepPricers& pricers,
                                           const StepMix& mix, double tpot_s) {
  const FullStep full = full_decode_step(spec, pricers, mix);
  if (full.tpot_s() <= tpot_s) {
    return full;
  }
  FullStep within = even_decode_step(spec, pricers, mix, 1.0);
  if (within.tpot_s() > tpot_s) {
    return std::nullopt;
  }
  double low = 1.0, high = full.requests_per_gpu;
  for (int halving = 0; halving < 30; ++halving) {
    const double middle = 0.5 * (low + high);
    const FullStep step = even_decode_step(spec, pricers, mix, middle);
    if (step.tpot_s() <= tpot_s) {
      low = middle;
      within = step;
    } else {
      high = middle;
    }
  }
  return within;
}

}  // namespace epfleet::cluster
