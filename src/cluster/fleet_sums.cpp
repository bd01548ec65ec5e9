#include "epfleet/cluster/fleet_sums.h"

#include <fmt/format.h>

#include "epfleet/cluster/fleet.h"
#include "unit_sums.h"

namespace epfleet::cluster {

using serving::LiveRequest;
using serving::RequestSlot;
using serving::Stage;

FleetSums::FleetSums(const Parts& parts, std::uint64_t every)
    : parts_(parts),
      every_(every),
      until_(parts.fleet.now()),
      emitted_(parts.fleet.decode.size()),
      waited_for_room_(parts.fleet.decode.size()) {
  EPFLEET_CHECK(every > 0, "sums are checked every so many events");
  prefill_ = {std::vector<NodeTime>(parts.fleet.prefill.size()),
              std::vector<std::int64_t>(parts.fleet.prefill.size())};
  decode_ = {std::vector<NodeTime>(parts.fleet.decode.size()),
             std::vector<std::int64_t>(parts.fleet.decode.size())};
}

void FleetSums::before(const engine::Event& next) {
  add_last_event();
  add_time(next.time);
  if (++events_ % every_ == 0) {
    look(&next);
  }
  last_ = next;
}

void FleetSums::look_at_end() {
  add_last_event();
  add_time(parts_.fleet.now());
  look(nullptr);
}

// Between two events nobody changes.
void FleetSums::add_time(base::TimePoint until) {
  const base::Duration time = until - until_;
  until_ = until;
  if (time > base::Duration{}) {
    add_time(parts_.fleet.prefill, time, prefill_);
    add_time(parts_.fleet.decode, time, decode_);
  }
}

template <class Unit>
void FleetSums::add_time(const UnitPool<Unit>& pool, base::Duration time, Beside& beside) {
  for (std::uint32_t unit = 0; unit < pool.size(); ++unit) {
    NodeTime& sums = beside.node_ns[unit];
    const std::int64_t node_ns = time.count() * pool[unit].clock.nodes();
    switch (pool.state(unit)) {
      case UnitState::Off:
        break;
      case UnitState::Loading:
        sums.loading += node_ns;
        break;
      case UnitState::Serving:
        (pool[unit].unit.stepping() ? sums.busy : sums.idle) += node_ns;
        break;
      case UnitState::Draining:
        sums.draining += node_ns;
        break;
      case UnitState::Down:
        sums.down += node_ns;
        break;
    }
    if (pool.state(unit) != UnitState::Down) {
      beside.masked_gpu_ns[unit] += time.count() * masked_gpus(pool[unit].unit);
    }
  }
}

void FleetSums::add_last_event() {
  const FleetState& fleet = parts_.fleet;
  const Kind kind = last_ ? static_cast<Kind>(last_->kind) : Kind::Sample;
  if (kind == Kind::PrefillStepEnd) {
    computed_tokens_ += fleet.prefill[last_->target].unit.last_step().tokens;
  } else if (kind == Kind::DecodeStepEnd) {
    emitted_[last_->target] += fleet.decode[last_->target].unit.last_step().emitted;
    waited_for_room_[last_->target] = 0;  // it reports its load
  }
  for (std::uint32_t unit = 0; unit < fleet.decode.size(); ++unit) {
    if (fleet.decode[unit].unit.first_waiting() != nullptr) {
      waited_for_room_[unit] = 1;
    }
  }
}

void FleetSums::look(const engine::Event* next) const {
  base::SumCheck check;
  parts_.fleet.engine.check_sums(check);
  parts_.fleet.requests.check_sums(check);
  check_units(check, next);
  check_places(check);
  check_flows(check);
  check_store(check);
  parts_.arrivals.check_sums(check, static_cast<std::int64_t>(parts_.fleet.requests.live()) +
                                        parts_.endings.attempts_to_come());
  if (!check.difference()) {
    return;
  }
  const std::string after =
      last_
          ? fmt::format("after {} {} at {:.9f} s of the run (event {})", Fleet::label(last_->kind),
                        last_->target, base::to_seconds(last_->time - base::kWindowStart), events_)
          : "before the first event";
  const std::string narrower =
      every_ == 1
          ? ""
          : fmt::format("; one of {} events did it, and --check-sums=1 finds which", every_);
  throw base::InvariantBroken(
      fmt::format("a kept sum is wrong {}: {}{}", after, *check.difference(), narrower));
}

void FleetSums::check_units(base::SumCheck& check, const engine::Event* next) const {
  const FleetState& fleet = parts_.fleet;
  const EventsToCome events(fleet, next);
  check_events(check, events, fleet);
  parts_.recovery.check_sums(check, events.next_stages);
  {
    const auto place = check.at("prefill");
    check_pool(check, fleet.prefill, prefill_);
  }
  const auto place = check.at("decode");
  check_pool(check, fleet.decode, decode_);
  for (std::uint32_t unit = 0; unit < fleet.decode.size(); ++unit) {
    const auto of = check.at("unit", unit);
    const serving::DecodeUnit& one = fleet.decode[unit].unit;
    base::TokenParts all;
    for (const base::TokenParts of_payer : one.emitted()) {
      all += of_payer;
    }
    check.equal("tokens emitted by its steps", all, emitted_[unit]);
    serving::DecodeUnit::Loads anew(fleet.decode.size());
    one.report_load(anew);
    if (!fleet.decode.reports_age() && waited_for_room_[unit] == 0) {
      check.equal("KV that the balancer has of it", fleet.decode.kept_loads().kv(unit),
                  anew.kv(unit));
    }
  }
}

template <class Unit>
void FleetSums::check_pool(base::SumCheck& check, const UnitPool<Unit>& pool,
                           const Beside& beside) const {
  check_ranks(check, pool);
  {
    const auto place = check.at("loads as the balancer has them");
    pool.kept_loads().check_sums(check);
  }
  for (std::uint32_t unit = 0; unit < pool.size(); ++unit) {
    pool[unit].unit.check_sums(check);
    const auto place = check.at("unit", unit);
    check_load(check, pool, unit);
    check_node_time(check, pool[unit].clock, until_, beside.node_ns[unit],
                    beside.masked_gpu_ns[unit]);
  }
}

// Every request in flight is where its unit has it: by number, its lists having been looked at.
void FleetSums::check_places(base::SumCheck& check) const {
  const FleetState& fleet = parts_.fleet;
  struct Prefill {
    std::int64_t queued = 0, begun = 0;
  };
  struct Decode {
    std::int64_t waiting = 0, moving = 0, decoding = 0;
  };
  std::vector<Prefill> prefill(fleet.prefill.size());
  std::vector<Decode> decode(fleet.decode.size());
  std::int64_t homeless_prompts = 0, homeless_with_kv = 0;
  for (const RequestSlot slot : fleet.homeless.prompts) {
    homeless_prompts += fleet.requests[slot].stage == Stage::Queued ? 1 : 0;
    --prefill[fleet.requests[slot].prefill_unit].queued;
  }
  for (const RequestSlot slot : fleet.homeless.with_kv) {
    homeless_with_kv += fleet.requests[slot].stage == Stage::AwaitingRoom ? 1 : 0;
    --decode[fleet.requests[slot].decode_unit].waiting;
  }
  fleet.requests.for_each([&](RequestSlot /*slot*/, const LiveRequest& live) {
    prefill[live.prefill_unit].queued += live.stage == Stage::Queued ? 1 : 0;
    prefill[live.prefill_unit].begun += live.stage == Stage::Prefilling ? 1 : 0;
    decode[live.decode_unit].waiting += live.stage == Stage::AwaitingRoom ? 1 : 0;
    decode[live.decode_unit].moving += live.stage == Stage::Moving ? 1 : 0;
    decode[live.decode_unit].decoding += live.stage == Stage::Decoding ? 1 : 0;
  });
  check.equal("number of prompts that wait for a unit to serve", fleet.homeless.prompts.size(),
              homeless_prompts);
  check.equal("number of requests whose KV waits for a unit to serve",
              fleet.homeless.with_kv.size(), homeless_with_kv);
  std::int64_t queued = 0;
  for (std::uint32_t unit = 0; unit < fleet.prefill.size(); ++unit) {
    const auto place = check.at("prefill unit", unit);
    check.equal("number of its requests that wait", fleet.prefill[unit].unit.waiting_requests(),
                prefill[unit].queued);
    check.equal("number of its requests that are being computed",
                fleet.prefill[unit].unit.begun_requests(), prefill[unit].begun);
    queued += prefill[unit].queued;
  }
  check.equal("number of requests that wait in prefill units", fleet.requests.queued(), queued);
  for (std::uint32_t unit = 0; unit < fleet.decode.size(); ++unit) {
    const auto place = check.at("decode unit", unit);
    const serving::DecodeUnit& one = fleet.decode[unit].unit;
    const std::int64_t moving = one.placed_requests() - one.active_requests();
    check.equal("number of its requests that wait for room", one.waiting_requests() - moving,
                decode[unit].waiting);
    check.equal("number of its requests whose KV is on its way", moving, decode[unit].moving);
    check.equal("number of its requests that decode", one.active_requests(), decode[unit].decoding);
  }
}

void FleetSums::check_store(base::SumCheck& check) const {
  std::vector<cache::Extent> with_sessions;
  parts_.stored.add_extents(with_sessions);
  parts_.arrivals.add_extents(with_sessions);
  parts_.cache.check_sums(check, with_sessions);
}

// What has come is what has gone and what is here.
void FleetSums::check_flows(base::SumCheck& check) const {
  const FleetState& fleet = parts_.fleet;
  const observe::FleetSample& totals = fleet.totals;
  const auto place = check.at("fleet");
  check.equal("number of requests that arrived", totals.arrived,
              totals.completed + totals.rejected + totals.failed +
                  static_cast<std::int64_t>(fleet.requests.live()));
  check.equal("tokens that prefill computed", totals.computed_tokens, computed_tokens_);
  check.at_least("most requests in service", totals.peaks.in_service, fleet.requests.live());
  check.at_least("most nodes allotted", totals.peaks.nodes_allotted, fleet.nodes_allotted());
  parts_.endings.check_sums(check);
  if (fleet.monitor) {
    fleet.monitor->check_sums(check, totals, emitted());
  }
}

// Of prefill and decode.
base::TokenParts FleetSums::emitted() const {
  base::TokenParts all;
  for (const auto& by_channel : parts_.fleet.totals.tokens) {
    for (const observe::TokenTotals& tokens : by_channel) {
      all += tokens.output;
    }
  }
  for (const base::TokenParts of_unit : emitted_) {
    all += of_unit;
  }
  return all;
}

void RequestEndings::check_sums(base::SumCheck& check) const {
  std::array<std::int64_t, observe::kOutcomeNames.size()> by_outcome{};
  for (std::size_t ending = 0; ending < ended_.size(); ++ending) {
    by_outcome[static_cast<std::size_t>(observe::kEndings[ending].outcome)] += ended_[ending];
  }
  const auto ended = [&](observe::Outcome outcome) {
    return by_outcome[static_cast<std::size_t>(outcome)];
  };
  check.equal("number of requests completed", fleet_.totals.completed,
              ended(observe::Outcome::Completed));
  check.equal("number of requests rejected", fleet_.totals.rejected,
              ended(observe::Outcome::Rejected));
  check.equal("number of requests failed", fleet_.totals.failed, ended(observe::Outcome::Failed));
  std::int64_t of_window = 0;
  fleet_.requests.for_each([&](RequestSlot /*slot*/, const LiveRequest& live) {
    of_window += fleet_.spec.in_window(live.request.arrival) ? 1 : 0;
  });
  check.equal("number of the window's requests in service", window_in_service_, of_window);
}

void FleetMonitor::check_sums(base::SumCheck& check, const observe::FleetTotals& totals,
                              base::TokenParts emitted) const {
  const auto place = check.at("what the scaling rule sees");
  check.equal("number of arrivals", sums_.arrivals, totals.arrived - totals.rejected);
  check.equal("tokens computed", sums_.computed_tokens, totals.computed_tokens);
  check.equal("tokens emitted", sums_.emitted, emitted);
}

}  // namespace epfleet::cluster
