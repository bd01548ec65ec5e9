// Step prices of units with a slow NIC or without some of their GPUs, made when they are needed.
// All GPUs of a unit step together, so that the slowest decides: a unit with one slow NIC is priced
// as one of slow NICs. Without some of its GPUs, the experts of the others have all the tokens.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "epfleet/cluster/fleet_spec.h"
#include "epfleet/timing/decode_pricer.h"
#include "epfleet/timing/prefill_pricer.h"

namespace epfleet::cluster {

class DegradedPricers {
 public:
  explicit DegradedPricers(const FleetSpec& spec) : spec_(spec) {}

  // Their references stay. `nic_share`: of a NIC's rate that is left.
  [[nodiscard]] const timing::PrefillPricer& prefill(double nic_share);
  [[nodiscard]] const timing::DecodePricer& decode(double nic_share, std::int64_t lost_gpus);

 private:
  const FleetSpec& spec_;
  std::map<double, std::unique_ptr<timing::PrefillPricer>> prefill_;
  std::map<std::pair<double, std::int64_t>, std::unique_ptr<timing::DecodePricer>> decode_;
};

}  // namespace epfleet::cluster
