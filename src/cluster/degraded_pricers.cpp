#include "epfleet/cluster/degraded_pricers.h"

#include "epfleet/cluster/unit_setup.h"

namespace epfleet::cluster {
namespace {

hardware::HardwareProfile with_nic_share(hardware::HardwareProfile hardware, double share) {
  const auto slower = [share](base::Duration time) {
    return share == 1.0 ? time : base::duration_from_seconds(base::to_seconds(time) / share);
  };
  hardware.low_latency_dispatch_per_token = slower(hardware.low_latency_dispatch_per_token);
  hardware.low_latency_combine_per_token = slower(hardware.low_latency_combine_per_token);
  for (auto* rate : {&hardware.normal_dispatch_bandwidth, &hardware.normal_combine_bandwidth}) {
    *rate = base::BytesPerSecond(rate->count() * share);
  }
  return hardware;
}

}  // namespace

const timing::PrefillPricer& DegradedPricers::prefill(double nic_share) {
  auto& pricer = prefill_[nic_share];
  if (!pricer) {
    pricer = std::make_unique<timing::PrefillPricer>(
        timing::PrefillLayer(with_nic_share(spec_.prefill_hardware, nic_share), spec_.model,
                             prefill_layout(spec_), prefill_imbalance(spec_)));
  }
  return *pricer;
}

const timing::DecodePricer& DegradedPricers::decode(double nic_share, std::int64_t lost_gpus) {
  auto& pricer = decode_[{nic_share, lost_gpus}];
  if (!pricer) {
    const model::DecodeLayout layout = decode_layout(spec_);
    const double crowding =
        static_cast<double>(layout.gpus) / static_cast<double>(layout.gpus - lost_gpus);
    model::ExpertImbalance imbalance = decode_imbalance(spec_);
    if (imbalance.max_over_mean.empty()) {
      imbalance.max_over_mean = {1.0};
    }
    for (double& most : imbalance.max_over_mean) {
      most *= crowding;
    }
    pricer = std::make_unique<timing::DecodePricer>(timing::DecodeLayer(
        with_nic_share(spec_.decode_hardware, nic_share), spec_.model, layout, imbalance));
  }
  return *pricer;
}

}  // namespace epfleet::cluster
