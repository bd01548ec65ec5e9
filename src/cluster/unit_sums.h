// What --check-sums asks of the units of a phase beside what they ask of themselves: the events
// that they await, their order, their loads as the balancer has them, their node time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "epfleet/base/sum_check.h"
#include "epfleet/cluster/fleet_state.h"

namespace epfleet::cluster {

using NodeTime = observe::FleetSample::NodeTime;

inline std::int64_t masked_gpus(const serving::PrefillUnit& /*unit*/) { return 0; }
inline std::int64_t masked_gpus(const serving::DecodeUnit& unit) { return unit.masked_gpus(); }

// Those in the queue, and the one that is being executed.
struct EventsToCome {
  EventsToCome(const FleetState& fleet, const engine::Event* next);

  struct OfUnit {
    std::vector<base::TimePoint> starts, step_ends, loaded;
  };
  std::vector<OfUnit> prefill, decode;
  std::vector<std::int64_t> next_stages;  // of recovery: prefill units, then decode units
  std::int64_t timers = 0, retries = 0;
};
void check_events(base::SumCheck& check, const EventsToCome& events, const FleetState& fleet);

void check_node_time(base::SumCheck& check, UnitClock clock, base::TimePoint now,
                     const NodeTime& node_ns, std::int64_t masked_gpu_ns);

void check_load(base::SumCheck& check, const PrefillPool& pool, std::uint32_t unit);
void check_load(base::SumCheck& check, const DecodePool& pool, std::uint32_t unit);

// Each unit has a rank of its own.
template <class Unit>
void check_ranks(base::SumCheck& check, const UnitPool<Unit>& pool) {
  std::vector<std::uint32_t> ranks;
  for (std::uint32_t unit = 0; unit < pool.size(); ++unit) {
    ranks.push_back(pool[unit].rank);
  }
  std::ranges::sort(ranks);
  for (std::uint32_t rank = 0; rank < pool.size(); ++rank) {
    check.equal("a unit of every rank", ranks[rank], rank);
  }
}

}  // namespace epfleet::cluster
