#include "epfleet/cluster/prefill_router.h"

#include <algorithm>

#include "epfleet/base/error.h"
#include "epfleet/policy/registry.h"

namespace epfleet::cluster {

using serving::Link;
using serving::LiveRequest;

namespace {

Link& least_busy(std::vector<Link>& nics) {
  return *std::ranges::min_element(nics, {}, &Link::free_at);
}

}  // namespace

PrefillRouter::PrefillRouter(FleetState& fleet)
    : fleet_(fleet),
      rule_(policy::prefill_unit_rules()[fleet.spec.prefill.balancer.unit](fleet.spec.seed)) {}

void PrefillRouter::route(serving::RequestSlot slot, base::TimePoint not_before) {
  PrefillPool& pool = fleet_.prefill;
  EPFLEET_CHECK(pool.any_open(), "a prefill unit serves");
  LiveRequest& request = fleet_.requests[slot];
  const policy::PrefillDemand demand = serving::PrefillUnit::demand_of(request);
  const std::uint32_t unit = rule_->choose(demand, pool.loads_of_open());
  request.kv_ready = std::max(fleet_.now(), not_before);
  if (request.cached_tokens > 0 && !request.prefill_started) {
    read_hit(request, unit);
  }
  pool[unit].unit.enqueue(slot);
  if (pool.reports_age()) {
    pool.note_placed(unit, demand.tokens, demand.attention_pairs);
  }
  pool.refresh_load(unit);
  pool.wake(unit, request.kv_ready);
}

void PrefillRouter::read_hit(LiveRequest& request, std::uint32_t unit) {
  const base::TimePoint now = fleet_.now();
  const base::Bytes bytes = fleet_.kv_bytes(request.cached_tokens);
  Link& nic = least_busy(fleet_.prefill[unit].storage_read);
  if (fleet_.store.recomputes(nic, now, request.cached_tokens, bytes)) {
    fleet_.totals.cache_lost.too_slow += request.cached_tokens;
    request.cached_tokens = request.computed_to = 0;
  } else {
    request.kv_ready = fleet_.store.read(nic, now, bytes);
    fleet_.totals.cache_read_bytes += bytes.count();
  }
}

base::TimePoint PrefillRouter::write_to_store(const LiveRequest& request, std::int64_t tokens) {
  return fleet_.write_to_store(least_busy(fleet_.prefill[request.prefill_unit].storage_write),
                               tokens);
}

}  // namespace epfleet::cluster
