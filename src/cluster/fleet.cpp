#include "epfleet/cluster/fleet.h"

#include <algorithm>

#include "epfleet/base/error.h"
#include "epfleet/cluster/expected_service.h"

namespace epfleet::cluster {

using engine::Phase;

namespace {

std::size_t units_for(std::int64_t base, std::int64_t per_group, std::int64_t groups) {
  return static_cast<std::size_t>(base + per_group * groups);
}

}  // namespace

Fleet::Fleet(const FleetSpec& spec, const StepPricers& pricers, workload::ArrivalFeed& arrivals,
             cache::PrefixCache& cache, std::vector<observe::Observer*> observers)
    : spec_(spec),
      arrivals_(arrivals),
      cache_(cache),
      observers_(std::move(observers)),
      engine_(spec.run_start()),
      allotment_(plan_allotment(spec.fleet, spec.scaling, spec.run_start(), spec.window_end())),
      store_(spec.kv_cache, prefill_tokens_per_s_per_gpu(spec, pricers.prefill)),
      prefill_(spec_, pricers,
               units_for(spec.fleet.base.prefill_units, spec.fleet.group.prefill_units,
                         allotment_.most_groups()),
               pool_, store_),
      decode_(spec_, pricers,
              units_for(spec.fleet.base.decode_units, spec.fleet.group.decode_units,
                        allotment_.most_groups()),
              pool_, store_),
      prefill_wakes_(prefill_.size()),
      decode_wakes_(decode_.size()),
      kv_bytes_per_token_(kv_bytes_per_token(spec)) {}

const char* Fleet::label(engine::EventKind kind) {
  constexpr const char* kLabels[] = {
      "arrival",      "prefill_step_end", "prefill_start", "decode_step_end", "decode_start",
      "drain_groups", "allot_groups",     "group_loaded",  "sample",          "arrival_slice"};
  return kLabels[static_cast<std::size_t>(kind)];
}

engine::EventId Fleet::schedule(base::TimePoint at, Phase phase, Kind kind, std::uint32_t target) {
  return engine_.at(at, phase, static_cast<engine::EventKind>(kind), target);
}

engine::RunEnd Fleet::run(const std::atomic<bool>* stop,
                          const std::function<void(const observe::FleetSample&)>& progress) {
  progress_ = progress;
  cache_.warm(arrivals_.source().warm_extents(), arrivals_.source().warm_totals());
  arrivals_.start(engine_.now());
  start_initial_units();
  schedule_allotment();
  schedule_samples();
  schedule_next_arrival();
  const engine::RunEnd end = engine_.run(*this, spec_.window_end(), stop);
  if (end == engine::RunEnd::Stopped) {
    take_sample(engine_.now(), false, true);
  }
  announce_in_flight();
  return end;
}

void Fleet::handle(const engine::Event& event) {
  switch (static_cast<Kind>(event.kind)) {
    case Kind::Arrival:
      return accept_arrivals();
    case Kind::PrefillStepEnd:
      return end_prefill_step(event.target);
    case Kind::PrefillStart:
      return start_prefill(event.target);
    case Kind::DecodeStepEnd:
      return end_decode_step(event.target);
    case Kind::DecodeStart:
      return start_decode(event.target);
    case Kind::DrainGroups:
      return drain_groups(event.target);
    case Kind::AllotGroups:
      return allot_groups(event.target);
    case Kind::GroupLoaded:
      return group_loaded(event.target);
    case Kind::ArrivalSlice:
      return open_arrival_slice();
    case Kind::Sample:
      return sample();
  }
}

void Fleet::wake(Wake& wake, base::TimePoint at, Phase phase, Kind kind, std::uint32_t target) {
  at = std::max(at, engine_.now());
  if (wake.scheduled && wake.at <= at) {
    return;
  }
  if (wake.scheduled) {
    engine_.cancel(wake.event);
  }
  wake = {at, schedule(at, phase, kind, target), true};
}

void Fleet::wake_prefill(std::uint32_t unit, base::TimePoint at) {
  if (!prefill_.unit(unit).stepping()) {  // else the step's end wakes it
    wake(prefill_wakes_[unit], at, Phase::Start, Kind::PrefillStart, unit);
  }
}

void Fleet::wake_decode(std::uint32_t unit, base::TimePoint at) {
  if (!decode_.unit(unit).stepping()) {
    wake(decode_wakes_[unit], at, Phase::Start, Kind::DecodeStart, unit);
  }
}

}  // namespace epfleet::cluster
