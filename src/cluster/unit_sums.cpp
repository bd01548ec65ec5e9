#include "unit_sums.h"

#include "epfleet/cluster/unit_recovery.h"

namespace epfleet::cluster {
namespace {

// It awaits the end of its step, or its wake-up, at the time that it knows of.
template <class Unit>
void check_events_of(base::SumCheck& check, const UnitPool<Unit>& pool,
                     const std::vector<EventsToCome::OfUnit>& events, base::TimePoint now) {
  using Times = std::vector<base::TimePoint>;
  for (std::uint32_t unit = 0; unit < pool.size(); ++unit) {
    const auto place = check.at("unit", unit);
    const PoolMember<Unit>& member = pool[unit];
    const bool stepping = member.unit.stepping();
    const bool woken = member.wake_at != base::TimePoint::max();
    check.holds(
        "a step under way has one end to come, at its time",
        events[unit].step_ends == (stepping ? Times{member.unit.last_step().end} : Times()));
    check.holds("a wake-up that is set has one event to come, at its time",
                events[unit].starts == (woken ? Times{member.wake_at} : Times()));
    check.holds("a unit in a step is not woken", !stepping || !woken);
    check.holds(
        "a unit that is down or off takes no step",
        !stepping || (pool.state(unit) != UnitState::Down && pool.state(unit) != UnitState::Off));
    check.holds("a loading unit has an event to come for when it is loaded",
                pool.state(unit) != UnitState::Loading || member.loaded_at <= now ||
                    std::ranges::count(events[unit].loaded, member.loaded_at) > 0);
  }
}

// Serving units take requests, and those that failed unnoticed.
template <class Unit>
void check_open(base::SumCheck& check, const UnitPool<Unit>& pool, std::uint32_t unit) {
  const bool open = pool.kept_loads().is_open(unit);
  const UnitState state = pool.state(unit);
  check.holds("a serving unit is open to requests", open || state != UnitState::Serving);
  check.holds("only a unit that serves, or seems to, is open to requests",
              !open || state == UnitState::Serving || state == UnitState::Down);
}

}  // namespace

EventsToCome::EventsToCome(const FleetState& fleet, const engine::Event* next)
    : prefill(fleet.prefill.size()),
      decode(fleet.decode.size()),
      next_stages(prefill.size() + decode.size()) {
  std::vector<engine::Event> events = fleet.engine.events_left();
  if (next != nullptr) {
    events.push_back(*next);
  }
  for (const engine::Event& event : events) {
    switch (static_cast<Kind>(event.kind)) {
      case Kind::PrefillStart:
        prefill[event.target].starts.push_back(event.time);
        break;
      case Kind::PrefillStepEnd:
        prefill[event.target].step_ends.push_back(event.time);
        break;
      case Kind::PrefillLoaded:
        prefill[event.target].loaded.push_back(event.time);
        break;
      case Kind::DecodeStart:
        decode[event.target].starts.push_back(event.time);
        break;
      case Kind::DecodeStepEnd:
        decode[event.target].step_ends.push_back(event.time);
        break;
      case Kind::DecodeLoaded:
        decode[event.target].loaded.push_back(event.time);
        break;
      case Kind::Recovery:
        ++next_stages[event.target];
        break;
      case Kind::RequestTimer:
        ++timers;
        break;
      case Kind::Retry:
        ++retries;
        break;
      default:
        break;
    }
  }
}

void check_events(base::SumCheck& check, const EventsToCome& events, const FleetState& fleet) {
  check.at_least("most alarms of requests' deadlines", 1, events.timers);
  check.at_least("most alarms of clients that come again", 1, events.retries);
  {
    const auto place = check.at("prefill");
    check_events_of(check, fleet.prefill, events.prefill, fleet.now());
  }
  const auto place = check.at("decode");
  check_events_of(check, fleet.decode, events.decode, fleet.now());
}

void check_node_time(base::SumCheck& check, UnitClock clock, base::TimePoint now,
                     const NodeTime& node_ns, std::int64_t masked_gpu_ns) {
  const NodeTime kept = clock.read(now);
  check.equal("busy node-ns", kept.busy, node_ns.busy);
  check.equal("idle node-ns", kept.idle, node_ns.idle);
  check.equal("loading node-ns", kept.loading, node_ns.loading);
  check.equal("draining node-ns", kept.draining, node_ns.draining);
  check.equal("down node-ns", kept.down, node_ns.down);
  check.equal("ns of its masked GPUs", clock.masked_gpu_ns(), masked_gpu_ns);
}

void check_load(base::SumCheck& check, const PrefillPool& pool, std::uint32_t unit) {
  check_open(check, pool, unit);
  if (!pool.reports_age()) {
    serving::PrefillUnit::Loads anew(pool.size());
    pool[unit].unit.report_load(anew);
    check.equal("tokens that the balancer has of it", pool.kept_loads().tokens(unit),
                anew.tokens(unit));
    check.equal("attention pairs that the balancer has of it", pool.kept_loads().pairs(unit),
                anew.pairs(unit));
  }
}

void check_load(base::SumCheck& check, const DecodePool& pool, std::uint32_t unit) {
  check_open(check, pool, unit);
  if (!pool.reports_age()) {
    serving::DecodeUnit::Loads anew(pool.size());
    pool[unit].unit.report_load(anew);
    check.equal("requests that the balancer has of it", pool.kept_loads().requests(unit),
                anew.requests(unit));
  }
}

void UnitRecovery::check_sums(base::SumCheck& check,
                              std::span<const std::int64_t> next_stages) const {
  for (std::uint32_t index = 0; index < patients_.size(); ++index) {
    const auto place = check.at("recovery of unit", index);
    const Patient& patient = patients_[index];
    check.equal("number of its next stages to come",
                patient.next_at == base::TimePoint::max() ? 0 : 1, next_stages[index]);
    const std::uint32_t prefill = fleet_.prefill.size();
    const auto check_unit = [&](const auto& pool, std::uint32_t unit) {
      if (patient.releases != pool[unit].releases) {
        return;  // it has other hardware, and is looked at when that fails
      }
      const bool down = patient.stage == Stage::Undetected || patient.stage == Stage::Restarting;
      check.holds("a failed unit is down until it goes on",
                  down == (pool.state(unit) == UnitState::Down));
      if (patient.stage != Stage::Undetected) {  // else those of an earlier failure may be masked
        check.equal("number of its masked GPUs", masked_gpus(pool[unit].unit),
                    patient.stage == Stage::Masked ? std::ssize(patient.lost) : 0);
      }
    };
    if (index < prefill) {
      check_unit(fleet_.prefill, index);
    } else {
      check_unit(fleet_.decode, index - prefill);
    }
  }
}

}  // namespace epfleet::cluster
