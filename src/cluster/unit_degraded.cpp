// What a unit that failed or is slow does meanwhile: the price of its steps, how long it loads, and
// what is said about it.
#include <fmt/format.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "epfleet/cluster/start_up.h"
#include "epfleet/cluster/unit_recovery.h"

namespace epfleet::cluster {

std::string UnitRecovery::name_of(std::uint32_t index) const {
  const std::uint32_t prefill = fleet_.prefill.size();
  return index < prefill ? fmt::format("prefill/{}", index)
                         : fmt::format("decode/{}", index - prefill);
}

std::string UnitRecovery::name_of(const Failure& failure) const {
  return fmt::format("{} of {}, GPU {}", base::name_in(kFailureKindNames, failure.what),
                     name_of(patient_of(failure.unit)), failure.gpu);
}

void UnitRecovery::announce(std::string saw, std::string decided, std::string why) const {
  const observe::Decision decision{fleet_.now(), "failures", std::move(saw), std::move(decided),
                                   std::move(why)};
  for (observe::Observer* observer : observers_) {
    observer->on_decision(decision);
  }
}

// Of a unit that loads alone, without what differs from start to start.
base::Duration UnitRecovery::loading_time(std::uint32_t index) const {
  const FleetSpec& spec = fleet_.spec;
  return index < fleet_.prefill.size() ? prefill_start_up(spec, spec.prefill_unit_nodes())
                                       : decode_start_up(spec, spec.decode_unit_nodes());
}

void UnitRecovery::slow_down(std::uint32_t index, std::uint32_t failure) {
  looked_at(index).slow.push_back(failure);
  fleet_.schedule(fleet_.now() + plan_[failure].lasts, engine::Phase::Decision, Kind::SlowPartOver,
                  failure);
  reprice(index);
}

void UnitRecovery::end_slowness(std::uint32_t failure) {
  if (plan_[failure].what == FailureKind::Store) {
    --fleet_.store_faults;
    return announce("the KV store is back", "as before", "its time is over");
  }
  const std::uint32_t index = patient_of(plan_[failure].unit);
  if (std::erase(looked_at(index).slow, failure) > 0) {
    reprice(index);
    announce(name_of(plan_[failure]) + ", is whole again", "as before", "its time is over");
  }
}

// Its steps are those of its slowest GPU among those that take part.
void UnitRecovery::reprice(std::uint32_t index) {
  const Patient& patient = patients_[index];
  double nic_share = 1.0, speed = 1.0;
  with_pool(index, [&](auto& pool, std::uint32_t unit) {
    for (serving::Link& nic : pool[unit].rdma) {
      nic.set_share(1.0);
    }
    for (const std::uint32_t number : patient.slow) {
      const Failure& slow = plan_[number];
      const bool takes_part = !std::ranges::binary_search(patient.lost, slow.gpu);
      if (slow.what == FailureKind::Nic) {
        pool[unit].rdma[slow.gpu].set_share(slow.share);
        nic_share = takes_part ? std::min(nic_share, slow.share) : nic_share;
      } else if (takes_part) {
        speed = std::min(speed, slow.share);
      }
    }
    const auto lost = static_cast<std::int64_t>(patient.lost.size());
    if (lost == pool[unit].unit.limits().gpus) {
      return;  // no step to price until it restarts
    }
    const bool whole_pricer = nic_share == 1.0 && lost == 0;
    if constexpr (std::is_same_v<decltype(pool), PrefillPool&>) {
      pool[unit].unit.degrade(
          whole_pricer ? pool[unit].unit.whole_pricer() : pricers_.prefill(nic_share), speed);
    } else {
      pool[unit].unit.degrade(
          whole_pricer ? pool[unit].unit.whole_pricer() : pricers_.decode(nic_share, lost), speed);
    }
  });
}

}  // namespace epfleet::cluster
