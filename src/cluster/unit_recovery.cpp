#include "epfleet/cluster/unit_recovery.h"

#include <fmt/format.h>

#include <algorithm>

#include "expert_reload.h"

namespace epfleet::cluster {

using base::TimePoint;
using serving::DecodeUnit;
using serving::RequestSlot;

UnitRecovery::UnitRecovery(FleetState& fleet, RequestFlow& requests, DecodeRouter& decode,
                           UnitLifecycle& units, std::span<observe::Observer* const> observers)
    : fleet_(fleet),
      requests_(requests),
      decode_router_(decode),
      units_(units),
      observers_(observers),
      pricers_(fleet.spec),
      plan_(failure_plan(fleet.spec, fleet.prefill.size(), fleet.decode.size())),
      patients_(std::size_t{fleet.prefill.size()} + fleet.decode.size()),
      spares_(fleet.spec.failures.spare_nodes) {}

std::uint32_t UnitRecovery::patient_of(const UnitName& unit) const {
  return static_cast<std::uint32_t>(unit.index) +
         (unit.kind == UnitKind::Decode ? fleet_.prefill.size() : 0);
}

// A unit that was released meanwhile has other hardware.
UnitRecovery::Patient& UnitRecovery::looked_at(std::uint32_t index) {
  Patient& patient = patients_[index];
  with_pool(index, [&](auto& pool, std::uint32_t unit) {
    if (patient.releases != pool[unit].releases) {
      if (patient.next_at != TimePoint::max()) {
        fleet_.engine.cancel(patient.next);
      }
      patient = {};
      patient.releases = pool[unit].releases;
    }
  });
  return patient;
}

void UnitRecovery::schedule_restart(std::uint32_t index) {
  Patient& patient = patients_[index];
  for (const std::uint32_t failure : patient.unreplaced) {
    patient.hardware_at = std::max(patient.hardware_at, hardware_back(plan_[failure]));
  }
  patient.unreplaced.clear();
  schedule(patient, index, std::max(patient.hardware_at, fleet_.now()) + loading_time(index));
}

void UnitRecovery::start() { schedule_failure(0); }

void UnitRecovery::schedule_failure(std::uint32_t failure) {
  if (failure < plan_.size() && plan_[failure].at < fleet_.spec.run_end()) {
    fleet_.schedule(std::max(plan_[failure].at, fleet_.now()), engine::Phase::Decision,
                    Kind::Failure, failure);
  }
}

void UnitRecovery::schedule(Patient& patient, std::uint32_t index, TimePoint at) {
  if (patient.next_at != TimePoint::max()) {
    fleet_.engine.cancel(patient.next);
  }
  patient.next_at = at;
  patient.next = fleet_.schedule(at, engine::Phase::Decision, Kind::Recovery, index);
}

void UnitRecovery::strike(std::uint32_t index) {
  schedule_failure(index + 1);
  const Failure& failure = plan_[index];
  if (failure.what == FailureKind::Store) {
    ++fleet_.totals.failures.events;
    ++fleet_.store_faults;
    fleet_.schedule(fleet_.now() + failure.lasts, engine::Phase::Decision, Kind::SlowPartOver,
                    index);
    return announce("the KV store is gone", "nothing is found or kept, no hit is counted",
                    "failures.at");
  }
  const std::string_view miss = why_it_misses(failure);
  if (!miss.empty()) {
    return announce(name_of(failure), "it hits nothing", std::string(miss));
  }
  ++fleet_.totals.failures.events;
  announce(name_of(failure), "nothing yet", "it has happened; who decides does not know");
  const bool lost = failure.what == FailureKind::Node || failure.what == FailureKind::Gpu;
  const std::uint32_t patient = patient_of(failure.unit);
  lost ? lose(patient, index) : slow_down(patient, index);
}

// Empty: it hits its unit.
std::string_view UnitRecovery::why_it_misses(const Failure& failure) {
  const std::uint32_t index = patient_of(failure.unit);
  const auto is_off = [](const auto& pool, std::uint32_t unit) {
    return pool.state(unit) == UnitState::Off;
  };
  if (with_pool(index, is_off)) {
    return "the unit is not allotted: who has its nodes then bears it";
  }
  const Patient& patient = looked_at(index);
  const Gpus gpus = hit_by(failure);
  const auto awaits = [&](std::uint32_t earlier) {
    const Gpus of_earlier = hit_by(plan_[earlier]);
    return of_earlier.first <= gpus.first && gpus.end <= of_earlier.end;
  };
  const bool gone =
      holds_all(patient.lost, gpus) &&
      (patient.hardware_at > fleet_.now() || std::ranges::any_of(patient.unreplaced, awaits));
  return gone ? "it was lost already, and is not replaced yet" : "";
}

// --- lost nodes and GPUs

UnitRecovery::Gpus UnitRecovery::hit_by(const Failure& failure) {
  if (failure.what != FailureKind::Node) {
    return {failure.gpu, failure.gpu + 1};
  }
  const auto of_a_node = [](const auto& pool, std::uint32_t unit) {
    return static_cast<std::uint32_t>(pool[unit].unit.limits().gpus / pool[unit].clock.nodes());
  };
  const std::uint32_t count = with_pool(patient_of(failure.unit), of_a_node);
  const std::uint32_t first = failure.gpu / count * count;
  return {first, first + count};
}

bool UnitRecovery::holds_all(const std::vector<std::uint32_t>& gpus, Gpus some) {
  const auto from = std::ranges::lower_bound(gpus, some.first);
  return std::ranges::lower_bound(gpus, some.end) - from == some.end - some.first;
}

TimePoint UnitRecovery::hardware_back(const Failure& failure) {
  const TimePoint repaired = failure.at + failure.lasts;
  const TimePoint swapped = std::max(failure.at + fleet_.spec.failures.swap_in, fleet_.now());
  if (failure.what != FailureKind::Node || spares_ == 0 || repaired <= swapped) {
    return repaired;
  }
  --spares_;
  fleet_.schedule(repaired, engine::Phase::Decision, Kind::SpareBack);
  return swapped;
}

void UnitRecovery::lose(std::uint32_t index, std::uint32_t failure) {
  Patient& patient = looked_at(index);
  const Gpus gpus = hit_by(plan_[failure]);
  const bool took_no_part = holds_all(patient.lost, gpus);
  for (std::uint32_t gpu = gpus.first; gpu < gpus.end; ++gpu) {
    const auto place = std::ranges::lower_bound(patient.lost, gpu);
    if (place == patient.lost.end() || *place != gpu) {
      patient.lost.insert(place, gpu);
    }
  }
  patient.node_lost = patient.node_lost || plan_[failure].what == FailureKind::Node;
  patient.unreplaced.push_back(failure);
  if (patient.stage == Stage::Masked && took_no_part) {  // what was to rejoin
    if (patient.next_at != TimePoint::max()) {
      schedule_restart(index);
    }
    return;
  }
  if (patient.stage == Stage::Restarting) {  // it must begin anew
    return schedule_restart(index);
  }
  if (patient.stage != Stage::Undetected) {
    patient.stage = Stage::Undetected;
    patient.was_serving = with_pool(index, [](auto& pool, std::uint32_t unit) {
      const bool serves = pool.state(unit) == UnitState::Serving;
      pool.stop(unit);
      return serves;
    });
    return schedule(patient, index, fleet_.now() + time_to_detect(index, patient));
  }
  const TimePoint known = fleet_.now() + time_to_detect(index, patient);
  if (patient.next_at < known && can_mask(index, patient)) {
    schedule(patient, index, known);
  }
}

base::Duration UnitRecovery::time_to_detect(std::uint32_t index, const Patient& patient) const {
  const FailuresConfig& config = fleet_.spec.failures;
  return can_mask(index, patient)
             ? config.mask_stall +
                   expert_reload(fleet_.spec, static_cast<std::int64_t>(patient.lost.size())).time
             : config.detection;
}

bool UnitRecovery::can_mask(std::uint32_t index, const Patient& patient) const {
  const auto lost = static_cast<std::int64_t>(patient.lost.size());
  return fleet_.spec.failures.recovery != Recovery::UnitRestart && patient.was_serving &&
         index >= fleet_.prefill.size() && expert_reload(fleet_.spec, lost).fits;
}

void UnitRecovery::go_on(std::uint32_t index) {
  Patient& state = patients_[index];
  state.next_at = TimePoint::max();
  const Patient& patient = looked_at(index);
  switch (patient.stage) {
    case Stage::Whole:
      return;  // it was released
    case Stage::Undetected:
      return detect(index);
    case Stage::Restarting:
    case Stage::Masked:
      return recover(index);
  }
}

void UnitRecovery::detect(std::uint32_t index) {
  const Patient& patient = patients_[index];
  const observe::FleetTotals::Failures before = fleet_.totals.failures;
  const std::size_t lost = patient.lost.size();
  const bool masked = can_mask(index, patient);
  masked ? mask(index) : restart(index);
  const observe::FleetTotals::Failures& after = fleet_.totals.failures;
  const bool comes_back = patient.next_at != TimePoint::max();
  announce(fmt::format("{} does not answer, {} of its GPUs are lost", name_of(index), lost),
           fmt::format("{}; {} requests lost, {} retried{}", masked ? "masked" : "restarted",
                       after.requests_lost - before.requests_lost,
                       after.requests_retried - before.requests_retried,
                       comes_back ? fmt::format("; whole in {:.1f} s",
                                                base::to_seconds(patient.next_at - fleet_.now()))
                                  : ""),
           masked || fleet_.spec.failures.recovery == Recovery::UnitRestart
               ? "failures.recovery"
               : "it cannot mask: prefill, not serving, or no slot for every expert");
}

void UnitRecovery::restart(std::uint32_t index) {
  Patient& patient = patients_[index];
  patient.stage = Stage::Restarting;
  with_pool(index, [&](auto& pool, std::uint32_t unit) {
    pool.close(unit);
    empty(pool, unit);
    pool.make_whole(unit);
    pool.refresh_load(unit);
    units_.release_if_over(pool, unit);
    if (pool.state(unit) == UnitState::Down) {
      schedule_restart(index);
    }
  });
}

void UnitRecovery::empty(PrefillPool& pool, std::uint32_t unit) {
  std::vector<RequestSlot> leaving;
  pool[unit].unit.evict_all(leaving);
  requests_.lose_prompts(leaving);
}

void UnitRecovery::empty(DecodePool& pool, std::uint32_t unit) {
  std::vector<DecodeUnit::Leaving> leaving;
  pool[unit].unit.evict_all(leaving);
  lose_decoding(leaving, unit);
}

// What only waited for room has its KV elsewhere and goes to another unit with it, if requests are
// retried at all.
void UnitRecovery::lose_decoding(std::vector<DecodeUnit::Leaving>& leaving, std::uint32_t unit) {
  const bool retried = fleet_.spec.failures.in_flight == InFlight::Retry;
  const auto kept = std::ranges::stable_partition(leaving, [&](const DecodeUnit::Leaving& one) {
    return !retried || one.kv != DecodeUnit::Leaving::Kv::Elsewhere;
  });
  DecodePool::Member& member = fleet_.decode[unit];
  requests_.lose_decoding(std::span(leaving.begin(), kept.begin()), member.unit.last_chunk());
  for (const DecodeUnit::Leaving& one : kept) {
    decode_router_.take_over(one, member.rdma);
  }
}

void UnitRecovery::mask(std::uint32_t index) {
  Patient& patient = patients_[index];
  const std::uint32_t unit = index - fleet_.prefill.size();
  DecodePool& pool = fleet_.decode;
  DecodePool::Member& member = pool[unit];
  std::vector<DecodeUnit::Leaving> leaving;
  member.unit.unmask_all();
  member.unit.evict_gpus(patient.lost, patient.node_lost, leaving);
  for (const std::uint32_t gpu : patient.lost) {
    member.unit.mask(gpu);
  }
  member.clock.change_masked(fleet_.now(), static_cast<std::int64_t>(patient.lost.size()));
  patient.stage = Stage::Masked;
  reprice(index);
  units_.back(pool, unit);
  lose_decoding(leaving, unit);
  pool.refresh_load(unit);
  if (fleet_.spec.failures.recovery == Recovery::MaskAndRejoin) {
    schedule_restart(index);
  }
}

// All that was lost is there again.
void UnitRecovery::recover(std::uint32_t index) {
  Patient& patient = patients_[index];
  const bool was_down = patient.stage == Stage::Restarting;
  patient.stage = Stage::Whole;
  patient.node_lost = false;
  std::erase_if(patient.slow, [&](std::uint32_t slow) {  // it was a part of what was replaced
    return std::ranges::binary_search(patient.lost, plan_[slow].gpu);
  });
  patient.lost.clear();
  with_pool(index, [&](auto& pool, std::uint32_t unit) {
    pool.make_whole(unit);
    reprice(index);
    if (was_down) {
      units_.back(pool, unit);
    }
  });
  announce(name_of(index) + " is whole again", was_down ? "back in service" : "its GPUs rejoin",
           "failures.recovery");
}

}  // namespace epfleet::cluster
