// What scaling rules may ask of units, answered from the step prices.
#pragma once

#include "epfleet/cluster/full_steps.h"

namespace epfleet::cluster {

class PricedUnits : public policy::UnitProfile {
 public:
  // Both must outlive this.
  PricedUnits(const FleetSpec& spec, const StepPricers& pricers) : spec_(spec), pricers_(pricers) {}

  [[nodiscard]] double prefill_tps(const policy::RequestMix& mix) const override;
  [[nodiscard]] double decode_tps(const policy::RequestMix& mix, double tpot_s) const override;
  [[nodiscard]] double tpot_s(const policy::RequestMix& mix,
                              double requests_per_unit) const override;

 private:
  const FleetSpec& spec_;
  const StepPricers& pricers_;
};

}  // namespace epfleet::cluster
