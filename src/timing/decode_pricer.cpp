#include "epfleet/timing/decode_pricer.h"

#include <algorithm>
#include <array>
#include <vector>

#include "curve.h"
#include "epfleet/base/error.h"
#include "epfleet/base/time.h"
#include "epfleet/timing/decode_layer.h"
#include "gpu_maxima.h"

namespace epfleet::timing {
namespace {

constexpr std::size_t kUnitIntervals = 1024;  // of the curves over the requests of the whole unit

double real(std::int64_t value) { return static_cast<double>(value); }

}  // namespace

// Micro-batch 0 of a GPU with n requests has ceil(n / 2), micro-batch 1 floor(n / 2); without
// overlap micro-batch 0 has all. Functions of n are monotone, so their maximum is that of the
// fullest GPU; only where KV comes in too must every GPU be looked at.
struct DecodePricer::Tables {
  struct WithoutKv {  // of one micro-batch of one GPU
    double shared = 0.0;
    double shared_attn0 = 0.0;  // SHARED of this micro-batch, ATTN0 of the other
  };

  Tables(const hardware::HardwareProfile& hardware, const model::Model& model,
         const model::DecodeLayout& layout, const model::ExpertImbalance& imbalance);

  [[nodiscard]] double half(std::int64_t n, std::size_t batch) const;
  [[nodiscard]] double batch_fixed(std::int64_t n, std::size_t batch) const;
  [[nodiscard]] WithoutKv without_kv(std::int64_t n, std::size_t batch) const;
  [[nodiscard]] WithoutKv of_fullest(std::int64_t n, std::size_t batch) const;
  [[nodiscard]] GpuTerms row(std::int64_t n) const;
  [[nodiscard]] GpuTerms slowest(std::span<const std::int32_t> requests,
                                 std::span<const std::int32_t> kv_fixed,
                                 std::int64_t fullest) const;
  [[nodiscard]] DecodeStages stages(std::size_t batch, double attn1,
                                    const UnitTotals& totals) const;
  [[nodiscard]] double layer_seconds(const GpuTerms& terms, const UnitTotals& totals) const;
  [[nodiscard]] double unit_requests(std::size_t batch, const UnitTotals& totals) const;
  [[nodiscard]] bool out_of_range(const UnitTotals& totals) const;

  DecodeLayer layer;
  bool dual;
  std::int64_t table_end;  // requests of a GPU
  GpuTerms slopes;
  std::vector<GpuTerms> rows;  // by requests of a GPU
  std::array<std::vector<WithoutKv>, 2> by_requests;
  std::vector<double> head;
  Curve received, mlp;  // by requests of the unit in one micro-batch
};

DecodePricer::Tables::Tables(const hardware::HardwareProfile& hardware, const model::Model& model,
                             const model::DecodeLayout& layout,
                             const model::ExpertImbalance& imbalance_of)
    : layer(hardware, model, layout, imbalance_of),
      dual(layout.dual_batch),
      table_end(layout.max_requests_per_gpu) {
  const double slope = layer.attn1_per_kv_token_s() / kKvOne;
  const auto batch_slope = static_cast<float>(dual ? slope / 2.0 : slope);
  const auto dense_slope = static_cast<float>(slope * real(model.dense_layers));
  slopes = {{batch_slope, dual ? batch_slope : 0.0F}, dense_slope, 0.0F};
  for (std::int64_t n = 0; n <= table_end; ++n) {
    rows.push_back(row(n));
    for (std::size_t batch = 0; batch < 2; ++batch) {
      by_requests[batch].push_back(without_kv(n, batch));
    }
    head.push_back(layer.head_s(real(n)));
  }
  const double end = real(layout.gpus) * std::max(1.0, half(table_end, 0));
  received = Curve(end, kUnitIntervals, [&](double n) { return layer.received_requests(n); });
  mlp = Curve(end, kUnitIntervals,
              [&](double n) { return layer.mlp(layer.received_requests(n)).total(); });
}

double DecodePricer::Tables::half(std::int64_t n, std::size_t batch) const {
  if (!dual) {
    return batch == 0 ? real(n) : 0.0;
  }
  return real(batch == 0 ? n - n / 2 : n / 2);
}

// What is added to the KV part before the slowest GPU is sought. Without overlap no barrier lies
// between ATTN0, ATTN1 and SHARED.
double DecodePricer::Tables::batch_fixed(std::int64_t n, std::size_t batch) const {
  const double requests = half(n, batch);
  const double attn1 = layer.attn1_fixed_s(requests);
  return dual ? attn1 : attn1 + layer.attn0(requests).total() + layer.shared(requests).total();
}

DecodePricer::Tables::WithoutKv DecodePricer::Tables::without_kv(std::int64_t n,
                                                                 std::size_t batch) const {
  const double shared = layer.shared(half(n, batch)).total();
  return {shared, shared + layer.attn0(half(n, 1 - batch)).total()};
}

DecodePricer::Tables::WithoutKv DecodePricer::Tables::of_fullest(std::int64_t n,
                                                                 std::size_t batch) const {
  return n <= table_end ? by_requests[batch][static_cast<std::size_t>(n)] : without_kv(n, batch);
}

GpuTerms DecodePricer::Tables::row(std::int64_t n) const {
  return {{static_cast<float>(batch_fixed(n, 0)), static_cast<float>(batch_fixed(n, 1))},
          static_cast<float>(layer.dense_layers_fixed_s(real(n))),
          0.0F};
}

// More requests than the cap are rare: then the rows in between are made for this call only.
GpuTerms DecodePricer::Tables::slowest(std::span<const std::int32_t> requests,
                                       std::span<const std::int32_t> kv_fixed,
                                       std::int64_t fullest) const {
  if (fullest <= table_end) {
    return slowest_terms(requests, kv_fixed, rows, slopes);
  }
  std::vector<GpuTerms> longer = rows;
  for (std::int64_t n = table_end + 1; n <= fullest; ++n) {
    longer.push_back(row(n));
  }
  return slowest_terms(requests, kv_fixed, longer, slopes);
}

double DecodePricer::Tables::unit_requests(std::size_t batch, const UnitTotals& totals) const {
  if (!dual) {
    return batch == 0 ? real(totals.requests) : 0.0;
  }
  return real((totals.requests + (batch == 0 ? totals.odd : -totals.odd)) / 2);
}

DecodeStages DecodePricer::Tables::stages(std::size_t batch, double attn1,
                                          const UnitTotals& totals) const {
  const double unit = unit_requests(batch, totals);
  const double busiest = std::max(half(totals.fullest, batch), received.at(unit));
  DecodeStages stages;
  stages.shared_s = of_fullest(totals.fullest, batch).shared;
  stages.attn1_s = attn1;
  stages.mlp_s = unit > 0.0 ? mlp.at(unit) : 0.0;
  stages.dispatch_s = layer.dispatch_s(busiest);
  stages.combine_s = layer.combine_s(busiest);
  return stages;
}

double DecodePricer::Tables::layer_seconds(const GpuTerms& terms, const UnitTotals& totals) const {
  DecodeHalves halves;
  for (std::size_t batch = 0; batch < 2; ++batch) {
    halves.stages[batch] = stages(batch, static_cast<double>(terms.batch[batch]), totals);
    halves.shared_attn0_s[batch] = of_fullest(totals.fullest, batch).shared_attn0;
  }
  if (!dual) {
    halves.stages[0].shared_s = 0.0;  // inside attn1_s, see batch_fixed
    return decode_layer_without_overlap(halves.stages[0]);
  }
  return layer.layout().phase_barriers ? decode_layer_with_barriers(halves)
                                       : decode_layer_task_graph(halves);
}

bool DecodePricer::Tables::out_of_range(const UnitTotals& totals) const {
  const model::DecodeLayout& layout = layer.layout();
  const double tokens = half(totals.fullest, 0) * real(layout.tokens_per_request());
  const double mean_kv = real(totals.kv_fixed) / kKvOne / real(totals.requests);
  return tokens > kMaxMicroBatchTokens || mean_kv > kMaxMeanKvTokens ||
         layout.gpus < kMinLowLatencyGpus || layout.gpus > kMaxLowLatencyGpus;
}

DecodePricer::DecodePricer(const hardware::HardwareProfile& hardware, const model::Model& model,
                           const model::DecodeLayout& layout,
                           const model::ExpertImbalance& imbalance)
    : tables_(std::make_unique<const Tables>(hardware, model, layout, imbalance)) {}

DecodePricer::~DecodePricer() = default;
DecodePricer::DecodePricer(DecodePricer&&) noexcept = default;
DecodePricer& DecodePricer::operator=(DecodePricer&&) noexcept = default;

StepPrice DecodePricer::price(std::span<const std::int32_t> requests,
                              std::span<const std::int32_t> kv_fixed) const {
  const Tables& t = *tables_;
  const auto gpus = static_cast<std::size_t>(t.layer.layout().gpus);
  EPFLEET_CHECK(requests.size() == gpus && kv_fixed.size() == gpus,
                "a decode step has requests and KV of every GPU of the unit");
  const UnitTotals totals = unit_totals(requests, kv_fixed);
  EPFLEET_CHECK(totals.requests > 0, "a decode step serves at least one request");

  const GpuTerms slowest = t.slowest(requests, kv_fixed, totals.fullest);
  const double head = totals.fullest <= t.table_end
                          ? t.head[static_cast<std::size_t>(totals.fullest)]
                          : t.layer.head_s(real(totals.fullest));
  const double unit = t.unit_requests(0, totals);
  const double seconds = t.layer.moe_layer_equivalents() * t.layer_seconds(slowest, totals) +
                         static_cast<double>(slowest.dense) + head +
                         base::to_seconds(t.layer.layout().host_time);
  return {.duration = base::duration_from_seconds(seconds),
          .expert_imbalance = t.received.at(unit) * real(t.layer.layout().gpus) / unit,
          .out_of_range = t.out_of_range(totals)};
}

}  // namespace epfleet::timing
