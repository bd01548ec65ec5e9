#include "decode_tables.h"

#include <algorithm>

#include "epfleet/base/arithmetic.h"
#include "epfleet/base/error.h"
#include "epfleet/base/time.h"
#include "epfleet/timing/breakdown.h"
#include "epfleet/timing/calibrated_range.h"

namespace epfleet::timing {
namespace {

using base::real;

const double kTokensOfAPart = base::TokenParts(1).tokens();

std::int64_t half(std::int64_t n, std::size_t batch) { return batch == 0 ? n - n / 2 : n / 2; }

// Of all GPUs: an odd request of a GPU is in micro-batch 0.
std::int64_t unit_half(const UnitTotals& totals, std::size_t batch) {
  const std::int64_t second = (totals.requests - totals.odd) / 2;
  return batch == 0 ? totals.requests - second : second;
}

}  // namespace

DecodeTables::DecodeTables(const DecodeLayer& layer)
    : layout_(layer.layout()),
      layer_(layer.as(model::Overlap::DualBatch)),
      alone_(layer.as(model::Overlap::None)),
      halved_launches_s_(layer_.launches_s()),
      whole_launches_s_(alone_.launches_s()),
      by_half_(half(layout_.max_requests_per_gpu, 0),
               [this](std::int64_t n) {
                 const double requests = real(n);
                 return HalfTerms{
                     layer_.shared(requests).total(),
                     layer_.attn0(requests).total(),
                     layer_.dispatch_on_sms_s(requests),
                     static_cast<float>(layer_.attn1_fixed_s(requests)),
                     static_cast<float>(layer_.attn1_per_kv_token_s(requests) * kTokensOfAPart),
                     static_cast<float>(layer_.combine_on_sms_s(requests))};
               }),
      by_gpu_(layout_.max_requests_per_gpu, [this](std::int64_t n) { return gpu_line(n); }),
      head_(layout_.max_requests_per_gpu,
            [this](std::int64_t n) { return layer_.head_s(real(n)); }),
      received_(layout_.gpus * (layout_.overlap == model::Overlap::DualBatch
                                    ? half(layout_.max_requests_per_gpu, 0)
                                    : layout_.max_requests_per_gpu),
                [this](std::int64_t n) {
                  const double requests = layer_.received_requests(real(n));
                  return Received{requests, layer_.mlp(requests).total()};
                }) {}

// What is added to the KV part before the slowest GPU is sought. Without overlap no barrier lies
// between ATTN0, ATTN1 and SHARED.
GpuLine DecodeTables::gpu_line(std::int64_t n) const {
  GpuLine line;
  for (std::size_t batch = 0; batch < 2; ++batch) {
    const double own = real(half(n, batch));
    line.fixed.batch[batch] = static_cast<float>(layer_.attn1_fixed_s(own)) +
                              static_cast<float>(layer_.combine_on_sms_s(real(half(n, 1 - batch))));
    const double share = n > 0 ? own / real(n) : 0.0;
    line.slope.batch[batch] =
        static_cast<float>(layer_.attn1_per_kv_token_s(own) * kTokensOfAPart * share);
  }
  const double all = real(n);
  const double slope = alone_.attn1_per_kv_token_s(all) * kTokensOfAPart;
  line.fixed.dense = static_cast<float>(layer_.dense_layers_fixed_s(all));
  line.slope.dense = static_cast<float>(slope * real(layer_.model().dense_layers));
  line.fixed.whole = static_cast<float>(alone_.attn1_fixed_s(all) + alone_.attn0(all).total() +
                                        alone_.shared(all).total());
  line.slope.whole = static_cast<float>(slope);
  return line;
}

// More requests than the cap are rare: then the rows in between are made for this call only.
GpuTerms DecodeTables::slowest(std::span<const std::int32_t> requests,
                               std::span<const base::TokenParts32> kv, std::int64_t fullest) const {
  if (fullest < std::ssize(by_gpu_.rows())) {
    return slowest_terms(requests, kv, by_gpu_.rows());
  }
  std::vector<GpuLine> longer = by_gpu_.rows();
  while (std::ssize(longer) <= fullest) {
    longer.push_back(gpu_line(std::ssize(longer)));
  }
  return slowest_terms(requests, kv, longer);
}

DecodeStep DecodeTables::split_anew(std::span<const std::int32_t> requests,
                                    std::span<const base::TokenParts32> kv) const {
  const UnitTotals totals = unit_totals(requests, kv);
  const GpuTerms terms = slowest(requests, kv, totals.fullest);
  // Where more requests may take less time, every GPU must be looked at.
  const auto looked_at = layer_.is_monotone() ? std::span(&totals.fullest, 1) : requests;
  DecodeStep step;
  for (std::size_t i = 0; i < 2; ++i) {
    DecodeMicroBatch& batch = step.batches[i];
    batch.unit_requests = unit_half(totals, i);
    batch.fullest = half(totals.fullest, i);
    batch.attn1_s = static_cast<double>(terms.batch[i]);
    for (const std::int32_t n : looked_at) {
      const HalfTerms own = by_half_[half(n, i)];
      batch.shared_s = std::max(batch.shared_s, own.shared);
      batch.beside_dispatch_s =
          std::max(batch.beside_dispatch_s,
                   own.shared + own.dispatch_on_sms + by_half_[half(n, 1 - i)].attn0);
    }
  }
  step.dense_s = static_cast<double>(terms.dense);
  step.head_s = head_[totals.fullest];
  step.requests = totals.requests;
  step.kv = totals.kv;
  add_whole(step, totals.fullest, terms);
  return step;
}

// In single precision where slowest_terms() is, so that even halves cost what split_anew() gives,
// to the last bit.
DecodeStep DecodeTables::given(const UnitHalves& halves) const {
  std::int32_t fullest = 0;
  GpuTerms slowest;
  DecodeStep step;
  for (std::size_t g = 0; g < halves[0].requests.size(); ++g) {
    const std::array<std::int32_t, 2> n{halves[0].requests[g], halves[1].requests[g]};
    const std::array<base::TokenParts32, 2> kv{halves[0].kv[g], halves[1].kv[g]};
    const std::array<HalfTerms, 2> terms{by_half_[n[0]], by_half_[n[1]]};
    for (std::size_t i = 0; i < 2; ++i) {
      DecodeMicroBatch& batch = step.batches[i];
      batch.unit_requests += n[i];
      batch.fullest = std::max<std::int64_t>(batch.fullest, n[i]);
      batch.shared_s = std::max(batch.shared_s, terms[i].shared);
      batch.beside_dispatch_s = std::max(
          batch.beside_dispatch_s, terms[i].shared + terms[i].dispatch_on_sms + terms[1 - i].attn0);
      const float fixed = terms[i].attn1_fixed + terms[1 - i].combine_on_sms;
      slowest.batch[i] = std::max(slowest.batch[i],
                                  static_cast<float>(kv[i].count()) * terms[i].attn1_slope + fixed);
    }
    fullest = std::max(fullest, n[0] + n[1]);
    const GpuLine all = by_gpu_[n[0] + n[1]];
    const auto held = static_cast<float>((kv[0] + kv[1]).count());
    slowest.dense = std::max(slowest.dense, held * all.slope.dense + all.fixed.dense);
    slowest.whole = std::max(slowest.whole, held * all.slope.whole + all.fixed.whole);
    step.requests += n[0] + n[1];
    step.kv += kv[0] + kv[1];
  }
  for (std::size_t i = 0; i < 2; ++i) {
    step.batches[i].attn1_s = static_cast<double>(slowest.batch[i]);
  }
  step.dense_s = static_cast<double>(slowest.dense);
  step.head_s = head_[fullest];
  add_whole(step, fullest, slowest);
  return step;
}

// The slowest GPU's time of the undivided batch; REQUIRES: totals are in the step.
void DecodeTables::add_whole(DecodeStep& step, std::int64_t fullest,
                             const GpuTerms& slowest) const {
  step.whole.unit_requests = step.requests;
  step.whole.fullest = fullest;
  step.whole.attn1_s = static_cast<double>(slowest.whole);
}

DecodeStages DecodeTables::stages(const DecodeLayer& layer, const DecodeMicroBatch& batch) const {
  const Received received = received_[batch.unit_requests];
  const double busiest = std::max(real(batch.fullest), received.requests);
  return {.shared_s = batch.shared_s,
          .attn1_s = batch.attn1_s,
          .mlp_s = received.mlp_s,
          .dispatch_s = layer.dispatch_s(busiest),
          .combine_s = layer.combine_s(busiest)};
}

DecodeHalves DecodeTables::halves(const DecodeStep& step) const {
  const auto& [first, second] = step.batches;
  return {{stages(layer_, first), stages(layer_, second)},
          {first.beside_dispatch_s, second.beside_dispatch_s},
          {second.attn1_s, first.attn1_s}};
}

DecodeStages DecodeTables::whole(const DecodeStep& step) const {
  return stages(alone_, step.whole);
}

// What the step has beside its layers is the same either way. Reported are the range and the
// imbalance of the larger micro-batch that was priced.
StepPrice DecodeTables::price(const DecodeStep& step) const {
  EPFLEET_CHECK(step.requests > 0, "a decode step serves at least one request");
  const bool may_halve = layout_.overlap != model::Overlap::None;
  const bool may_not = layout_.overlap != model::Overlap::DualBatch;
  const auto step_s = [&](double one_layer_s, double launches_s) {
    return std::max(layer_.moe_layer_equivalents() * one_layer_s + step.dense_s + step.head_s,
                    launches_s);
  };
  double seconds = may_halve ? step_s(layer_s(layer_, halves(step)), halved_launches_s_) : 0.0;
  bool halved = may_halve;
  if (may_not) {
    const double whole_s = step_s(decode_layer_without_overlap(whole(step)), whole_launches_s_);
    halved = may_halve && seconds <= whole_s;
    seconds = halved ? seconds : whole_s;
  }
  seconds += base::to_seconds(layout_.engine.host_time);
  const DecodeMicroBatch& first = halved ? step.batches[0] : step.whole;
  const DecodeMicroBatch& second = halved ? step.batches[1] : step.whole;
  const std::int64_t unit = std::max(first.unit_requests, second.unit_requests);
  const double tokens =
      real(std::max(first.fullest, second.fullest) * layout_.tokens_per_request());
  const double mean_kv = step.kv.tokens() / real(step.requests);
  return {.duration = base::duration_from_seconds(seconds),
          .expert_imbalance = received_[unit].requests * real(layout_.gpus) / real(unit),
          .out_of_range = is_outside(kDecodeRanges, {tokens, mean_kv, real(layout_.gpus)})};
}

}  // namespace epfleet::timing
