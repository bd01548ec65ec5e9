#include "epfleet/timing/decode_pricer.h"

#include <algorithm>
#include <array>
#include <vector>

#include "decode_tables.h"
#include "epfleet/base/error.h"
#include "epfleet/base/time.h"
#include "epfleet/timing/breakdown.h"
#include "epfleet/timing/calibrated_range.h"
#include "epfleet/timing/decode_layer.h"

namespace epfleet::timing {
namespace {

double real(std::int64_t value) { return static_cast<double>(value); }

}  // namespace

struct DecodePricer::Tables {
  Tables(const hardware::HardwareProfile& hardware, const model::Model& model,
         const model::DecodeLayout& layout, const model::ExpertImbalance& imbalance, Clock clock);
  Tables(const Tables&) = delete;  // `loads` refers to `layer`
  Tables& operator=(const Tables&) = delete;

  [[nodiscard]] DecodeStages stages(const DecodeMicroBatch& batch) const;
  [[nodiscard]] DecodeHalves halves(const std::array<DecodeMicroBatch, 2>& batches) const;
  [[nodiscard]] bool out_of_range(const DecodeStep& step) const;
  [[nodiscard]] StepPrice price(const DecodeStep& step) const;

  // By requests of the unit in one micro-batch, which are a whole number.
  [[nodiscard]] double received_at(double unit_requests) const;
  [[nodiscard]] double mlp_at(double unit_requests) const;

  DecodeLayer layer;
  DecodeTables loads;
  std::vector<double> received, mlp;  // at every number of requests; beyond, by the layer itself
};

DecodePricer::Tables::Tables(const hardware::HardwareProfile& hardware, const model::Model& model,
                             const model::DecodeLayout& layout,
                             const model::ExpertImbalance& imbalance_of, Clock clock)
    : layer(hardware, model, layout, imbalance_of, clock), loads(layer) {
  const std::int64_t most = layout.max_requests_per_gpu;
  const std::int64_t end = layout.gpus * (layout.dual_batch ? most - most / 2 : most);
  for (std::int64_t n = 0; n <= end; ++n) {
    received.push_back(layer.received_requests(real(n)));
    mlp.push_back(layer.mlp(received.back()).total());
  }
}

double DecodePricer::Tables::received_at(double unit_requests) const {
  const auto n = static_cast<std::size_t>(unit_requests);
  return n < received.size() ? received[n] : layer.received_requests(unit_requests);
}

double DecodePricer::Tables::mlp_at(double unit_requests) const {
  const auto n = static_cast<std::size_t>(unit_requests);
  return n < mlp.size() ? mlp[n] : layer.mlp(layer.received_requests(unit_requests)).total();
}

DecodeStages DecodePricer::Tables::stages(const DecodeMicroBatch& batch) const {
  const double busiest = std::max(batch.fullest_requests, received_at(batch.unit_requests));
  DecodeStages stages;
  stages.shared_s = batch.shared_s;
  stages.attn1_s = batch.attn1_s;
  stages.mlp_s = mlp_at(batch.unit_requests);
  stages.dispatch_s = layer.dispatch_s(busiest);
  stages.combine_s = layer.combine_s(busiest);
  return stages;
}

DecodeHalves DecodePricer::Tables::halves(const std::array<DecodeMicroBatch, 2>& batches) const {
  DecodeHalves halves;
  for (std::size_t batch = 0; batch < 2; ++batch) {
    halves.stages[batch] = stages(batches[batch]);
    halves.shared_attn0_s[batch] = batches[batch].shared_attn0_s;
  }
  if (!loads.dual_batch()) {
    halves.stages[0].shared_s = 0.0;  // inside attn1_s, see DecodeTables::batch_fixed
  }
  return halves;
}

bool DecodePricer::Tables::out_of_range(const DecodeStep& step) const {
  const model::DecodeLayout& layout = layer.layout();
  const double tokens =
      std::max(step.batches[0].fullest_requests, step.batches[1].fullest_requests) *
      real(layout.tokens_per_request());
  const double mean_kv = step.kv.tokens() / real(step.requests);
  return tokens > kMaxMicroBatchTokens || mean_kv > kMaxMeanKvTokens ||
         layout.gpus < kMinLowLatencyGpus || layout.gpus > kMaxLowLatencyGpus;
}

// The imbalance told is that of the larger micro-batch.
StepPrice DecodePricer::Tables::price(const DecodeStep& step) const {
  EPFLEET_CHECK(step.requests > 0, "a decode step serves at least one request");
  const double seconds = layer.moe_layer_equivalents() * layer_s(layer, halves(step.batches)) +
                         step.dense_s + step.head_s + base::to_seconds(layer.layout().host_time);
  const double unit = std::max(step.batches[0].unit_requests, step.batches[1].unit_requests);
  return {.duration = base::duration_from_seconds(seconds),
          .expert_imbalance = received_at(unit) * real(layer.layout().gpus) / unit,
          .out_of_range = out_of_range(step)};
}

DecodePricer::DecodePricer(const hardware::HardwareProfile& hardware, const model::Model& model,
                           const model::DecodeLayout& layout,
                           const model::ExpertImbalance& imbalance, Clock clock)
    : tables_(std::make_unique<const Tables>(hardware, model, layout, imbalance, clock)) {}

DecodePricer::~DecodePricer() = default;
DecodePricer::DecodePricer(DecodePricer&&) noexcept = default;
DecodePricer& DecodePricer::operator=(DecodePricer&&) noexcept = default;

StepPrice DecodePricer::price(std::span<const std::int32_t> requests,
                              std::span<const base::TokenParts32> kv) const {
  const auto gpus = static_cast<std::size_t>(tables_->layer.layout().gpus);
  EPFLEET_CHECK(requests.size() == gpus && kv.size() == gpus,
                "a decode step has requests and KV of every GPU of the unit");
  return tables_->price(tables_->loads.split_anew(requests, kv));
}

DecodeHalves DecodePricer::stages(std::span<const std::int32_t> requests,
                                  std::span<const base::TokenParts32> kv) const {
  return tables_->halves(tables_->loads.split_anew(requests, kv).batches);
}

StepPrice DecodePricer::price_halves(const UnitHalves& halves) const {
  const auto gpus = static_cast<std::size_t>(tables_->layer.layout().gpus);
  EPFLEET_CHECK(tables_->loads.dual_batch(), "halves are priced where there are two micro-batches");
  for (const UnitHalf& half : halves) {
    EPFLEET_CHECK(half.requests.size() == gpus && half.kv.size() == gpus,
                  "a decode step has requests and KV of every GPU of the unit");
  }
  return tables_->price(tables_->loads.given(halves));
}

}  // namespace epfleet::timing
