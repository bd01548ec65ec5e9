#include "epfleet/cluster/fleet_state.h"

#include "epfleet/base/random.h"
#include "epfleet/cluster/expected_service.h"
#include "epfleet/cluster/expert_setup.h"
#include "epfleet/policy/registry.h"

namespace epfleet::cluster {
namespace {

using serving::DecodeUnit;
using serving::PrefillUnit;

// Each unit's rule draws for itself, in every run anew.
std::uint64_t rule_seed(const FleetSpec& spec, std::string_view role, std::uint32_t unit) {
  return base::Stream(base::StreamFamily(spec.seed, role), unit).bits();
}

template <class Unit>
PoolMember<Unit> member(std::unique_ptr<typename Unit::GpuRule> rule, Unit unit,
                        const hardware::HardwareProfile& hardware, base::TimePoint start) {
  const auto gpus = static_cast<std::size_t>(unit.limits().gpus);
  const std::size_t nodes = gpus / static_cast<std::size_t>(hardware.gpus_per_node);
  const std::vector<serving::Link> storage(nodes, serving::Link(hardware.storage_bandwidth));
  return {.gpu_rule = std::move(rule),
          .unit = std::move(unit),
          .clock = UnitClock(static_cast<std::int64_t>(nodes), start),
          .rdma = std::vector<serving::Link>(gpus, serving::Link(hardware.rdma_bandwidth)),
          .storage_read = storage,
          .storage_write = storage};
}

std::vector<PoolMember<PrefillUnit>> prefill_units(const FleetSpec& spec,
                                                   const StepPricers& pricers, std::int64_t count,
                                                   serving::RequestPool& requests) {
  const auto units = static_cast<std::uint32_t>(count);
  serving::PrefillUnitLimits limits = prefill_limits(spec, pricers.prefill);
  std::vector<PoolMember<PrefillUnit>> members;
  members.reserve(units);
  for (std::uint32_t i = 0; i < units; ++i) {
    auto rule = policy::prefill_gpu_rules()[spec.prefill.balancer.gpu](
        rule_seed(spec, "prefill.balancer.gpu", i));
    limits.rebalance = pause_of_unit(spec, pricers.prefill_stall, i, units);
    PrefillUnit unit(base::UnitId(i), limits, pricers.prefill, *rule, requests);
    members.push_back(
        member(std::move(rule), std::move(unit), spec.prefill_hardware, spec.run_start()));
    members.back().rank = i;
  }
  return members;
}

std::vector<PoolMember<DecodeUnit>> decode_units(const FleetSpec& spec, const StepPricers& pricers,
                                                 std::int64_t count,
                                                 serving::RequestPool& requests) {
  const auto units = static_cast<std::uint32_t>(count);
  serving::DecodeUnitLimits limits = decode_limits(spec);
  std::vector<PoolMember<DecodeUnit>> members;
  members.reserve(units);
  for (std::uint32_t i = 0; i < units; ++i) {
    auto rule = policy::decode_gpu_rules()[spec.decode.balancer.gpu](
        rule_seed(spec, "decode.balancer.gpu", i));
    limits.even = rule->evens_out();
    limits.rebalance = pause_of_unit(spec, pricers.decode_stall, i, units);
    DecodeUnit unit(base::UnitId(i), limits, pricers.decode, requests);
    members.push_back(
        member(std::move(rule), std::move(unit), spec.decode_hardware, spec.run_start()));
    members.back().rank = i;
  }
  return members;
}

constexpr engine::EventKind event(Kind kind) { return static_cast<engine::EventKind>(kind); }

}  // namespace

FleetState::FleetState(const FleetSpec& fleet_spec, const StepPricers& pricers, UnitCounts units)
    : spec(fleet_spec),
      kv_bytes_per_token(cluster::kv_bytes_per_token(spec)),
      engine(spec.run_start()),
      store(spec.kv_cache, prefill_tokens_per_s_per_gpu(spec, pricers.prefill)),
      prefill(engine, {event(Kind::PrefillStart), event(Kind::PrefillStepEnd)},
              spec.prefill.balancer.view_age,
              prefill_units(spec, pricers, units.prefill_units, requests)),
      decode(engine, {event(Kind::DecodeStart), event(Kind::DecodeStepEnd)},
             spec.decode.balancer.view_age,
             decode_units(spec, pricers, units.decode_units, requests)) {}

}  // namespace epfleet::cluster
