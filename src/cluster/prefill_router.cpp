#include "epfleet/cluster/prefill_router.h"

#include <algorithm>

#include "epfleet/policy/registry.h"

namespace epfleet::cluster {

using serving::Link;
using serving::LiveRequest;

namespace {

// Ties go to the first.
Link& least_busy(std::vector<Link>& nics) {
  return *std::ranges::min_element(nics, {}, &Link::free_at);
}

}  // namespace

PrefillRouter::PrefillRouter(FleetState& fleet)
    : fleet_(fleet),
      rule_(policy::prefill_unit_rules()[fleet.spec.prefill.balancer.unit](fleet.spec.seed)) {}

void PrefillRouter::route(serving::RequestSlot slot, base::TimePoint not_before) {
  PrefillPool& pool = fleet_.prefill;
  LiveRequest& request = fleet_.requests[slot];
  if (!pool.any_open()) {
    request.stage = serving::Stage::Queued;
    request.kv_ready = not_before;
    fleet_.homeless.prompts.push_back(slot);
    return;
  }
  serving::Prompt prompt = serving::PrefillUnit::prompt_of(slot, request);
  const policy::PrefillDemand demand = serving::PrefillUnit::demand_of(prompt);
  const std::uint32_t unit = rule_->choose(demand, pool.loads_of_open());
  request.kv_ready = std::max(fleet_.now(), not_before);
  if (request.computed_to > 0 && !request.path.prefill_started) {
    read_hit(slot, unit);
    if (request.computed_to == 0) {
      prompt = serving::PrefillUnit::prompt_of(slot, request);  // the hit is computed anew
    }
  }
  prompt.kv_ready = request.kv_ready;
  pool[unit].unit.enqueue(prompt);
  if (pool.reports_age()) {
    pool.note_placed(unit, demand.tokens, demand.attention_pairs);
  }
  pool.refresh_load(unit);
  pool.wake(unit, request.kv_ready);
}

void PrefillRouter::settle() {
  if (fleet_.homeless.prompts.empty() || !fleet_.prefill.any_open()) {
    return;
  }
  std::vector<serving::RequestSlot> waiting;
  waiting.swap(fleet_.homeless.prompts);
  for (const serving::RequestSlot slot : waiting) {
    route(slot, fleet_.requests[slot].kv_ready);
  }
}

void PrefillRouter::read_hit(serving::RequestSlot slot, std::uint32_t unit) {
  LiveRequest& request = fleet_.requests[slot];
  const std::int32_t hit = request.computed_to;
  const base::TimePoint now = fleet_.now();
  const base::Bytes bytes = fleet_.kv_bytes(hit);
  Link& nic = least_busy(fleet_.prefill[unit].storage_read);
  const bool down = fleet_.store_faults > 0;  // since it was found
  if (down || fleet_.store.recomputes(nic, now, hit, bytes)) {
    request.store_was_down = request.store_was_down || down;
    request.computed_to = 0;
    if (serving::Resumed* resumed = fleet_.requests.resumed(slot)) {
      resumed->hit = 0;
    } else {
      request.cached_tokens = 0;
    }
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
