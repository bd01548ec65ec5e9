// --check-sums: every kept sum of a running fleet against the same made anew. A tool for exactness,
// for those who change the program and those who doubt it; a look goes through all that is in
// flight and in the store, and costs as much as hundreds of events.
//
// Made anew at a look, from what holds at that moment: requests, KV and queues per GPU and unit,
// requests in service by stage and place, the loads that balancers see, the store's totals,
// wake-ups and slots of sessions, the events that units await. Added up beside the fleet, event by
// event, because the past cannot be looked at: node time by state, tokens computed and emitted.
// Left out: what a balancer has of a unit whose reports age, or where requests have waited for room
//   since its last report (KV only): it is told the past. What the store has of sessions
//   whose clients will come again. Statistics: metrics/statistics_sums.h.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "epfleet/base/sum_check.h"
#include "epfleet/cache/prefix_cache.h"
#include "epfleet/cluster/fleet_state.h"
#include "epfleet/cluster/request_endings.h"
#include "epfleet/cluster/unit_recovery.h"
#include "epfleet/workload/arrival_feed.h"

namespace epfleet::cluster {

class FleetSums {
 public:
  struct Parts {  // all must outlive this
    const FleetState& fleet;
    const RequestEndings& endings;
    const UnitRecovery& recovery;
    const cache::PrefixCache& cache;
    const PromptStore& stored;
    const workload::ArrivalFeed& arrivals;
  };
  // REQUIRES: the run has not begun; every > 0.
  FleetSums(const Parts& parts, std::uint64_t every);

  // Every event, before it is executed. At every so many of them the sums are checked, as the one
  // before has left them.
  void before(const engine::Event& next);
  void look_at_end();

 private:
  // Of one phase, by unit: since the start of the run.
  struct Beside {
    std::vector<observe::FleetSample::NodeTime> node_ns;
    std::vector<std::int64_t> masked_gpu_ns;
  };

  void add_time(base::TimePoint until);
  void add_last_event();
  void look(const engine::Event* next) const;
  void check_units(base::SumCheck& check, const engine::Event* next) const;
  void check_places(base::SumCheck& check) const;
  void check_store(base::SumCheck& check) const;
  void check_flows(base::SumCheck& check) const;
  template <class Unit>
  void check_pool(base::SumCheck& check, const UnitPool<Unit>& pool, const Beside& beside) const;
  template <class Unit>
  void add_time(const UnitPool<Unit>& pool, base::Duration time, Beside& beside);
  [[nodiscard]] base::TokenParts emitted() const;

  Parts parts_;
  std::uint64_t every_;
  std::uint64_t events_ = 0;
  std::optional<engine::Event> last_;  // executed
  base::TimePoint until_;              // the time that is added up
  Beside prefill_, decode_;
  std::int64_t computed_tokens_ = 0;
  std::vector<base::TokenParts> emitted_;      // by decode unit
  std::vector<std::uint8_t> waited_for_room_;  // by decode unit, since its last report
};

}  // namespace epfleet::cluster
