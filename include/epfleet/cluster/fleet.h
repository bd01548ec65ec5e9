// The whole service: requests in, prefill, KV to decode, tokens out, units coming and going. Wires
// its parts together and hands every event of a run to the one that it concerns. Knows observers,
// not statistics.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "epfleet/cluster/fleet_sampler.h"
#include "epfleet/cluster/fleet_state.h"
#include "epfleet/cluster/fleet_sums.h"
#include "epfleet/cluster/priced_units.h"
#include "epfleet/cluster/request_flow.h"
#include "epfleet/cluster/unit_lifecycle.h"
#include "epfleet/cluster/unit_recovery.h"

namespace epfleet::cluster {

class Fleet : private engine::Handler {
 public:
  // All must outlive the fleet.
  Fleet(const FleetSpec& spec, const StepPricers& pricers, workload::ArrivalFeed& arrivals,
        cache::PrefixCache& cache, std::vector<observe::Observer*> observers);

  // Runs until all arrivals of the window are done, at the latest to run_end(), or until `stop`.
  // Announces what is then still in flight and a last sample; `progress` is called at each sample.
  engine::RunEnd run(const std::atomic<bool>* stop, FleetSampler::Progress progress);

  // What a rule that follows the load has seen of the demand.
  [[nodiscard]] std::vector<policy::KnownDemand> demand_seen() const {
    return state_.monitor ? state_.monitor->demand() : std::vector<policy::KnownDemand>();
  }
  [[nodiscard]] const engine::Engine& engine() const { return state_.engine; }
  void trace_to(std::function<void(const engine::Event&)> sink) {
    state_.engine.trace_to(std::move(sink));
  }
  [[nodiscard]] static const char* label(engine::EventKind kind);
  // From the start: every so many events all kept sums are made anew, and InvariantBroken is thrown
  // by the first that differs (fleet_sums.h). Before trace_to(), whose last event is then the one
  // that it was found after. Changes no result.
  void check_sums(std::uint64_t every);

 private:
  void handle(const engine::Event& event) override;
  void settle();

  std::vector<observe::Observer*> observers_;
  cache::PrefixCache& cache_;
  const workload::ArrivalFeed& arrivals_;
  PricedUnits profile_;
  std::unique_ptr<policy::ScalingRule> scaling_;
  FleetState state_;
  PrefillRouter prefill_router_;
  DecodeRouter decode_router_;
  PromptStore stored_;
  RequestEndings endings_;
  RequestFlow requests_;
  UnitLifecycle units_;
  UnitRecovery recovery_;
  FleetSampler sampler_;
  std::optional<FleetSums> sums_;  // none: they are not checked
};

}  // namespace epfleet::cluster
