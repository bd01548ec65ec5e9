#include "decode_tables.h"

#include <algorithm>

namespace epfleet::timing {
namespace {

double real(std::int64_t value) { return static_cast<double>(value); }

}  // namespace

DecodeTables::DecodeTables(const DecodeLayer& layer)
    : layer_(layer),
      dual_(layer.layout().dual_batch),
      table_end_(layer.layout().max_requests_per_gpu) {
  const double slope = layer.attn1_per_kv_token_s() * base::TokenParts(1).tokens();
  const auto batch_slope = static_cast<float>(dual_ ? slope / 2.0 : slope);
  const auto dense_slope = static_cast<float>(slope * real(layer.model().dense_layers));
  slopes_ = {{batch_slope, dual_ ? batch_slope : 0.0F}, dense_slope, 0.0F};
  for (std::int64_t n = 0; n <= table_end_; ++n) {
    rows_.push_back(row(n));
    for (std::size_t batch = 0; batch < 2; ++batch) {
      by_requests_[batch].push_back(without_kv(n, batch));
    }
    head_.push_back(layer.head_s(real(n)));
  }
  for (std::int64_t n = 0; n <= table_end_ - table_end_ / 2; ++n) {
    by_half_.push_back(half_terms(n));
  }
}

double DecodeTables::half(std::int64_t n, std::size_t batch) const {
  if (!dual_) {
    return batch == 0 ? real(n) : 0.0;
  }
  return real(batch == 0 ? n - n / 2 : n / 2);
}

// What is added to the KV part before the slowest GPU is sought. Without overlap no barrier lies
// between ATTN0, ATTN1 and SHARED.
double DecodeTables::batch_fixed(std::int64_t n, std::size_t batch) const {
  const double requests = half(n, batch);
  const double attn1 = layer_.attn1_fixed_s(requests);
  return dual_ ? attn1 : attn1 + layer_.attn0(requests).total() + layer_.shared(requests).total();
}

DecodeTables::WithoutKv DecodeTables::without_kv(std::int64_t n, std::size_t batch) const {
  const double shared = layer_.shared(half(n, batch)).total();
  return {shared, shared + layer_.attn0(half(n, 1 - batch)).total()};
}

// Where more requests may take less time, every GPU must be looked at.
DecodeTables::WithoutKv DecodeTables::of_slowest(std::span<const std::int32_t> requests,
                                                 std::int64_t fullest, std::size_t batch) const {
  if (layer_.is_monotone()) {
    return of_fullest(fullest, batch);
  }
  WithoutKv slowest;
  for (const std::int32_t n : requests) {
    const WithoutKv one = of_fullest(n, batch);
    slowest.shared = std::max(slowest.shared, one.shared);
    slowest.shared_attn0 = std::max(slowest.shared_attn0, one.shared_attn0);
  }
  return slowest;
}

DecodeTables::WithoutKv DecodeTables::of_fullest(std::int64_t n, std::size_t batch) const {
  return n <= table_end_ ? by_requests_[batch][static_cast<std::size_t>(n)] : without_kv(n, batch);
}

GpuTerms DecodeTables::row(std::int64_t n) const {
  return {{static_cast<float>(batch_fixed(n, 0)), static_cast<float>(batch_fixed(n, 1))},
          static_cast<float>(layer_.dense_layers_fixed_s(real(n))),
          0.0F};
}

// More requests than the cap are rare: then the rows in between are made for this call only.
GpuTerms DecodeTables::slowest(std::span<const std::int32_t> requests,
                               std::span<const base::TokenParts32> kv, std::int64_t fullest) const {
  if (fullest <= table_end_) {
    return slowest_terms(requests, kv, rows_, slopes_);
  }
  std::vector<GpuTerms> longer = rows_;
  for (std::int64_t n = table_end_ + 1; n <= fullest; ++n) {
    longer.push_back(row(n));
  }
  return slowest_terms(requests, kv, longer, slopes_);
}

double DecodeTables::unit_requests(std::size_t batch, const UnitTotals& totals) const {
  if (!dual_) {
    return batch == 0 ? real(totals.requests) : 0.0;
  }
  return real((totals.requests + (batch == 0 ? totals.odd : -totals.odd)) / 2);
}

double DecodeTables::head_of_fullest(std::int64_t n) const {
  return n <= table_end_ ? head_[static_cast<std::size_t>(n)] : layer_.head_s(real(n));
}

DecodeTables::HalfTerms DecodeTables::half_terms(std::int64_t requests) const {
  const double n = real(requests);
  return {layer_.shared(n).total(), layer_.attn0(n).total(),
          static_cast<float>(layer_.attn1_fixed_s(n))};
}

DecodeTables::HalfTerms DecodeTables::of_half(std::int32_t requests) const {
  const auto n = static_cast<std::size_t>(requests);
  return n < by_half_.size() ? by_half_[n] : half_terms(requests);
}

float DecodeTables::dense_fixed(std::int32_t n) const {
  return n <= table_end_ ? rows_[static_cast<std::size_t>(n)].dense : row(n).dense;
}

DecodeStep DecodeTables::split_anew(std::span<const std::int32_t> requests,
                                    std::span<const base::TokenParts32> kv) const {
  const UnitTotals totals = unit_totals(requests, kv);
  const GpuTerms terms = slowest(requests, kv, totals.fullest);
  DecodeStep step;
  for (std::size_t batch = 0; batch < 2; ++batch) {
    const WithoutKv slowest_gpu = of_slowest(requests, totals.fullest, batch);
    step.batches[batch] = {.unit_requests = unit_requests(batch, totals),
                           .fullest_requests = half(totals.fullest, batch),
                           .shared_s = slowest_gpu.shared,
                           .shared_attn0_s = slowest_gpu.shared_attn0,
                           .attn1_s = static_cast<double>(terms.batch[batch])};
  }
  step.dense_s = static_cast<double>(terms.dense);
  step.head_s = head_of_fullest(totals.fullest);
  step.requests = totals.requests;
  step.kv = totals.kv;
  return step;
}

// In single precision where slowest_terms() is, so that even halves cost what split_anew() gives,
// to the last bit.
DecodeStep DecodeTables::given(const UnitHalves& halves) const {
  const float slope = 2.0F * slopes_.batch[0];  // of all KV of a micro-batch, not of half a GPU's
  std::int32_t fullest = 0;
  float dense = 0.0F;
  std::array<float, 2> attn1{};
  DecodeStep step;
  for (std::size_t g = 0; g < halves[0].requests.size(); ++g) {
    const std::array<std::int32_t, 2> n{halves[0].requests[g], halves[1].requests[g]};
    const std::array<base::TokenParts32, 2> kv{halves[0].kv[g], halves[1].kv[g]};
    const std::array<HalfTerms, 2> terms{of_half(n[0]), of_half(n[1])};
    for (std::size_t i = 0; i < 2; ++i) {
      DecodeMicroBatch& batch = step.batches[i];
      batch.unit_requests += real(n[i]);
      batch.fullest_requests = std::max(batch.fullest_requests, real(n[i]));
      batch.shared_s = std::max(batch.shared_s, terms[i].shared);
      batch.shared_attn0_s = std::max(batch.shared_attn0_s, terms[i].shared + terms[1 - i].attn0);
      attn1[i] =
          std::max(attn1[i], static_cast<float>(kv[i].count()) * slope + terms[i].attn1_fixed);
    }
    fullest = std::max(fullest, n[0] + n[1]);
    dense = std::max(dense, static_cast<float>((kv[0] + kv[1]).count()) * slopes_.dense +
                                dense_fixed(n[0] + n[1]));
    step.requests += n[0] + n[1];
    step.kv += kv[0] + kv[1];
  }
  for (std::size_t i = 0; i < 2; ++i) {
    step.batches[i].attn1_s = static_cast<double>(attn1[i]);
  }
  step.dense_s = static_cast<double>(dense);
  step.head_s = head_of_fullest(fullest);
  return step;
}

}  // namespace epfleet::timing
