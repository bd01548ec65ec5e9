// What must hold between the keys of the fleet and its schedule.
#include <fmt/format.h>

#include <algorithm>

#include "check_parts.h"
#include "epfleet/cluster/unit_setup.h"

namespace epfleet::config {
namespace {

// Fewest that are ever allotted, most of each phase, and most at once.
struct UnitSpan {
  policy::UnitCounts least, most, at_once;
};

UnitSpan units_of(const Scenario& scenario) {
  const auto rule = cluster::make_scaling_rule(scenario);
  UnitSpan span;
  span.most = span.least = span.at_once = rule->most_units();
  for (const cluster::Allotment& allotment : cluster::allotments_without_load(scenario)) {
    span.least = policy::least(span.least, allotment.units);
  }
  if (rule->follows_load() && scenario.scaling.separate) {  // it shares the pool out
    const cluster::FleetConfig& fleet = scenario.fleet;
    span.at_once = policy::most(fleet.base + scenario.scaling.min_groups * fleet.group, {1, 1});
  }
  return span;
}

void check_limits(const Scenario& scenario, const UnitSpan& span, Contradictions& found) {
  const policy::ScalingConfig& scaling = scenario.scaling;
  if (scaling.max_groups && scaling.min_groups > *scaling.max_groups) {
    found.add(
        {"scaling.min_groups", "scaling.max_groups"},
        fmt::format("is {}, above scaling.max_groups, {}", scaling.min_groups, *scaling.max_groups),
        "lower it, or raise scaling.max_groups");
  }
  const std::int64_t gpus = span.at_once.prefill_units * scenario.prefill.gpus +
                            span.at_once.decode_units * scenario.decode.gpus;
  if (scaling.gpu_budget && gpus > *scaling.gpu_budget) {
    found.add({"scaling.gpu_budget", "scaling.min_groups", "fleet.base", "fleet.group",
               "scaling.policy", "prefill.gpus", "decode.gpus"},
              fmt::format("is {} GPUs, but the fleet has {} at least", *scaling.gpu_budget, gpus),
              "raise it, or choose a rule that follows the load, smaller units or smaller groups");
  }
}

void check_schedule(const Scenario& scenario, Contradictions& found) {
  const policy::ScalingConfig& scaling = scenario.scaling;
  if (scaling.policy == "schedule" && scaling.schedule.empty()) {
    found.add({"scaling.schedule", "scaling.policy"}, "is empty, but scaling.policy is schedule",
              "state at least one {at, groups}, or set scaling.policy: fixed");
  }
  for (std::size_t i = 1; i < scaling.schedule.size(); ++i) {
    const policy::ScheduleStep& before = scaling.schedule[i - 1];
    const policy::ScheduleStep& step = scaling.schedule[i];
    if (step.daily != before.daily) {
      found.add({"scaling.schedule"}, "mixes times of day and durations", "use one of them");
      return;
    }
    if (step.at <= before.at) {
      found.add({"scaling.schedule", "start"},
                "has two steps at the same time, or is not in order of time",
                "keep one step a time");
      return;
    }
  }
}

// A fleet without groups has a short form, which is no other fleet beside the long one.
void check_short_form(const Scenario& scenario, Contradictions& found) {
  const auto given = [&](const char* key) { return scenario.given.contains(key); };
  const char* short_form = given("fleet.prefill_units")  ? "fleet.prefill_units"
                           : given("fleet.decode_units") ? "fleet.decode_units"
                                                         : nullptr;
  if (short_form == nullptr) {
    return;
  }
  for (const char* key : {"fleet.base.prefill_units", "fleet.base.decode_units", "fleet.groups",
                          "scaling.schedule"}) {
    const bool nothing = (key == std::string_view("fleet.groups") && scenario.fleet.groups == 0) ||
                         (key == std::string_view("scaling.schedule") &&
                          scenario.scaling.schedule.empty());
    if (given(key) && !nothing) {
      found.add({short_form, key},
                fmt::format("is the fleet without groups, and {} says another one", key),
                fmt::format("leave {} out, or write fleet.base, group and groups", key));
    }
  }
}

// The units of one phase: how many, and how large.
struct PhaseUnits {
  const char* phase;
  std::int64_t least, most, at_once, gpus, gpus_per_node;
};

// What ids hold, and what a machine's memory does.
constexpr std::int64_t kMostUnits = 65'535, kMostGpus = 1'000'000;

void check_size(const PhaseUnits& units, Contradictions& found) {
  if (units.most > kMostUnits || units.most * units.gpus > kMostGpus) {
    found.add({fmt::format("fleet.base.{}_units", units.phase),
               fmt::format("fleet.group.{}_units", units.phase), "fleet.groups", "scaling.schedule",
               fmt::format("{}.gpus", units.phase)},
              fmt::format("the fleet has {} {} units of {} GPUs, more than are simulated",
                          units.most, units.phase, units.gpus),
              fmt::format("choose at most {} units and {} GPUs", kMostUnits, kMostGpus));
  }
}

void check_presence(const PhaseUnits& units, Contradictions& found) {
  if (units.least < 1) {
    found.add(
        {fmt::format("fleet.base.{}_units", units.phase), fmt::format("fleet.{}_units", units.phase),
         fmt::format("fleet.group.{}_units", units.phase), "fleet.groups", "scaling.policy",
         "scaling.schedule"},
        fmt::format("the fleet has no {} unit while the fewest groups are allotted", units.phase),
        fmt::format("raise fleet.base.{0}_units, fleet.group.{0}_units or the number of groups",
                    units.phase));
  }
}

// Failures at stated times hit units that may exist.
void check_failures(const Scenario& scenario, const cluster::UnitCounts& most,
                    Contradictions& found) {
  for (const cluster::FailureAt& failure : scenario.failures.at) {
    if (!scenario.ends_by_itself && base::kWindowStart + failure.time >= scenario.run_end()) {
      found.add({"failures.at", "duration"},
                fmt::format("has a failure after {:.0f} s, when the run is over",
                            base::to_seconds(failure.time)),
                "choose an earlier time");
    }
    if (!failure.unit) {
      continue;
    }
    const bool decode = failure.unit->kind == cluster::UnitKind::Decode;
    const char* phase = decode ? "decode" : "prefill";
    const std::int64_t units = decode ? most.decode_units : most.prefill_units;
    const std::int64_t gpus = decode ? scenario.decode.gpus : scenario.prefill.gpus;
    if (failure.unit->index >= units) {
      found.add({"failures.at", fmt::format("fleet.base.{}_units", phase)},
                fmt::format("names {}/{}, but the fleet has {} {} units", phase,
                            failure.unit->index, units, phase),
                fmt::format("choose {}/0 to {}/{}", phase, phase, units - 1));
    } else if (failure.gpu >= gpus) {
      found.add({"failures.at", fmt::format("{}.gpus", phase)},
                fmt::format("names GPU {} of {}/{}, which has {}", failure.gpu, phase,
                            failure.unit->index, gpus),
                fmt::format("choose 0 to {}", gpus - 1));
    }
  }
}

}  // namespace

void check_admission(const Scenario& scenario, Contradictions& found) {
  const cluster::AdmissionConfig& admission = scenario.admission;
  if (admission.start_deadline && admission.total_deadline &&
      *admission.start_deadline > *admission.total_deadline) {
    found.add({"admission.start_deadline", "admission.total_deadline"},
              "a request that has not ended by the total deadline is closed before it could miss "
              "the start deadline",
              "set admission.start_deadline to at most admission.total_deadline");
  }
  if (admission.max_queue && admission.max_concurrency &&
      *admission.max_queue > *admission.max_concurrency) {
    found.add({"admission.max_queue", "admission.max_concurrency"},
              "what waits is in service too, so that the queue never gets that long",
              "set admission.max_queue to at most admission.max_concurrency, or leave it out");
  }
}

void check_fleet(const Scenario& scenario, Contradictions& found) {
  check_admission(scenario, found);
  const cluster::FleetConfig& fleet = scenario.fleet;
  check_schedule(scenario, found);
  check_short_form(scenario, found);
  const UnitSpan span = units_of(scenario);
  check_limits(scenario, span, found);
  check_failures(scenario, span.most, found);
  std::int64_t needed = scenario.failures.spare_nodes;
  for (const PhaseUnits& units :
       {PhaseUnits{"prefill", span.least.prefill_units, span.most.prefill_units,
                   span.at_once.prefill_units, scenario.prefill.gpus,
                   scenario.prefill_hardware.gpus_per_node},
        PhaseUnits{"decode", span.least.decode_units, span.most.decode_units,
                   span.at_once.decode_units, scenario.decode.gpus,
                   scenario.decode_hardware.gpus_per_node}}) {
    check_presence(units, found);
    check_size(units, found);
    needed += units.at_once * (units.gpus / std::max<std::int64_t>(units.gpus_per_node, 1));
  }
  if (fleet.pool_nodes && needed > *fleet.pool_nodes) {
    found.add({"fleet.pool_nodes", "fleet.base", "fleet.group", "fleet.groups", "scaling.schedule",
               "prefill.gpus", "decode.gpus"},
              fmt::format("has {} nodes, but the largest allotment{} needs {}", *fleet.pool_nodes,
                          scenario.failures.spare_nodes > 0 ? " with the spare nodes" : "", needed),
              "raise it, or allot fewer groups");
  }
}

}  // namespace epfleet::config
