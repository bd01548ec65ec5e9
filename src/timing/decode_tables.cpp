#include "decode_tables.h"

#include <algorithm>

#include "arithmetic.h"
#include "epfleet/base/error.h"
#include "epfleet/base/time.h"
#include "epfleet/timing/breakdown.h"
#include "epfleet/timing/calibrated_range.h"

namespace epfleet::timing {
namespace {

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
      by_half_(half(layout_.max_requests_per_gpu, 0),
               [this](std::int64_t n) {
                 return HalfTerms{layer_.shared(real(n)).total(), layer_.attn0(real(n)).total(),
                                  static_cast<float>(layer_.attn1_fixed_s(real(n)))};
               }),
      by_gpu_(layout_.max_requests_per_gpu, [this](std::int64_t n) { return gpu_terms(n); }),
      head_(layout_.max_requests_per_gpu,
            [this](std::int64_t n) { return layer_.head_s(real(n)); }),
      received_(layout_.gpus * (layout_.overlap == model::Overlap::DualBatch
                                    ? half(layout_.max_requests_per_gpu, 0)
                                    : layout_.max_requests_per_gpu),
                [this](std::int64_t n) {
                  const double requests = layer_.received_requests(real(n));
                  return Received{requests, layer_.mlp(requests).total()};
                }) {
  const double slope = layer.attn1_per_kv_token_s() * base::TokenParts(1).tokens();
  const auto batch_slope = static_cast<float>(slope / 2.0);
  const auto dense_slope = static_cast<float>(slope * real(layer.model().dense_layers));
  slopes_ = {{batch_slope, batch_slope}, dense_slope, static_cast<float>(slope)};
}

// What is added to the KV part before the slowest GPU is sought. Without overlap no barrier lies
// between ATTN0, ATTN1 and SHARED.
GpuTerms DecodeTables::gpu_terms(std::int64_t n) const {
  const auto batch_fixed = [&](std::size_t batch) {
    return static_cast<float>(layer_.attn1_fixed_s(real(half(n, batch))));
  };
  const double all = real(n);
  return {{batch_fixed(0), batch_fixed(1)},
          static_cast<float>(layer_.dense_layers_fixed_s(all)),
          static_cast<float>(layer_.attn1_fixed_s(all) + layer_.attn0(all).total() +
                             layer_.shared(all).total())};
}

// More requests than the cap are rare: then the rows in between are made for this call only.
GpuTerms DecodeTables::slowest(std::span<const std::int32_t> requests,
                               std::span<const base::TokenParts32> kv, std::int64_t fullest) const {
  if (fullest < std::ssize(by_gpu_.rows())) {
    return slowest_terms(requests, kv, by_gpu_.rows(), slopes_);
  }
  std::vector<GpuTerms> longer = by_gpu_.rows();
  while (std::ssize(longer) <= fullest) {
    longer.push_back(gpu_terms(std::ssize(longer)));
  }
  return slowest_terms(requests, kv, longer, slopes_);
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
      const double shared = by_half_[half(n, i)].shared;
      batch.shared_s = std::max(batch.shared_s, shared);
      batch.beside_dispatch_s =
          std::max(batch.beside_dispatch_s, shared + by_half_[half(n, 1 - i)].attn0);
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
  const float slope = 2.0F * slopes_.batch[0];  // of all KV of a micro-batch, not of half a GPU's
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
      batch.beside_dispatch_s =
          std::max(batch.beside_dispatch_s, terms[i].shared + terms[1 - i].attn0);
      slowest.batch[i] = std::max(slowest.batch[i],
                                  static_cast<float>(kv[i].count()) * slope + terms[i].attn1_fixed);
    }
    fullest = std::max(fullest, n[0] + n[1]);
    const GpuTerms all = by_gpu_[n[0] + n[1]];
    const auto held = static_cast<float>((kv[0] + kv[1]).count());
    slowest.dense = std::max(slowest.dense, held * slopes_.dense + all.dense);
    slowest.whole = std::max(slowest.whole, held * slopes_.whole + all.whole);
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
  double one_layer_s = may_halve ? layer_s(layer_, halves(step)) : 0.0;
  bool halved = may_halve;
  if (may_not) {
    const double undivided_s = decode_layer_without_overlap(whole(step));
    halved = may_halve && one_layer_s <= undivided_s;
    one_layer_s = halved ? one_layer_s : undivided_s;
  }
  const double seconds = layer_.moe_layer_equivalents() * one_layer_s + step.dense_s + step.head_s +
                         base::to_seconds(layout_.host_time);
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
