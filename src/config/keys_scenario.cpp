// Keys at the top of a scenario, of the fleet and of scaling.
#include <algorithm>
#include <tuple>

#include "epfleet/policy/registry.h"
#include "epfleet/text/parse.h"
#include "key_rows.h"

namespace epfleet::config {
namespace {

Parsed<std::uint64_t> seed_from(const std::string& text) {
  const auto seed = text::parse_whole<std::uint64_t>(text);
  if (!seed || (text.size() > 1 && text[0] == '0')) {
    return tl::unexpected(Fault{fmt::format("'{}' is not a seed", text),
                                "write a whole number from 0 to 18446744073709551615"});
  }
  return *seed;
}

constexpr std::int64_t kMostUnits = 100'000;
constexpr std::int64_t kMinuteNs = 60'000'000'000;
constexpr int kDayMinutes = 24 * 60;

// `at` of a step: HH:MM on the scenario's clock (daily), or a duration after the start.
Parsed<policy::ScheduleStep> step_time(const Scenario& scenario, const std::string& text) {
  policy::ScheduleStep step;
  if (text.find(':') != std::string::npos) {
    return parse_time_of_day(text).map([&](int minute) {
      const int after = (minute - scenario.start.minute_of_day() + kDayMinutes) % kDayMinutes;
      step.at = base::Duration(after * kMinuteNs);
      step.daily = true;
      return step;
    });
  }
  return parse_whole(Dimension::Duration, text).map([&](std::int64_t ns) {
    step.at = base::Duration(ns);
    return step;
  });
}

Parsed<policy::ScheduleStep> step_from(const Scenario& scenario, const Node& node) {
  const Node* at = node.find("at");
  const Node* groups = node.find("groups");
  if (node.kind != Node::Kind::Map || at == nullptr || groups == nullptr ||
      node.entries.size() != 2) {
    return tl::unexpected(
        Fault{"a step is not {at, groups}",
              "write for example {at: \"08:30\", groups: 9} or {at: 2 h, groups: 3}"});
  }
  auto step = scalar_text(*at, "time of day or duration").and_then([&](const std::string& text) {
    return step_time(scenario, text);
  });
  const auto count = scalar_text(*groups, "whole number").and_then([](const std::string& text) {
    return parse_whole(Dimension::Number, text);
  });
  if (!step || !count) {
    return tl::unexpected(step ? count.error() : step.error());
  }
  if (*count < 0 || *count > kMostUnits || step->at < base::Duration{} ||
      base::to_seconds(step->at) > kYear) {
    return tl::unexpected(Fault{"a step has a time or a number of groups out of range",
                                fmt::format("from 0 s to 366 d, from 0 to {} groups", kMostUnits)});
  }
  step->groups = *count;
  return step;
}

std::string print_step(const Scenario& scenario, const policy::ScheduleStep& step) {
  const auto minutes = static_cast<int>(step.at.count() / kMinuteNs);
  const std::string at =
      step.daily
          ? yaml_text(print_time_of_day((scenario.start.minute_of_day() + minutes) % kDayMinutes))
          : print_whole(Dimension::Duration, step.at.count());
  return fmt::format("{{at: {}, groups: {}}}", at, step.groups);
}

std::optional<Fault> read_schedule(Scenario& scenario, const Node& node) {
  if (node.kind != Node::Kind::List) {
    return Fault{"is not a list", "write a list of {at, groups}"};
  }
  std::vector<policy::ScheduleStep> steps;
  for (const Node& item : node.items) {
    const auto step = step_from(scenario, item);
    if (!step) {
      return Fault{fmt::format("step {}: {}", steps.size() + 1, step.error().what),
                   step.error().remedy, item.place.line, item.place.column};
    }
    steps.push_back(*step);
  }
  // Two steps at one time are refused later (check.h); until then their order must not vary.
  std::ranges::sort(steps, {}, [](const policy::ScheduleStep& step) {
    return std::tuple(step.at, step.daily, step.groups);
  });
  scenario.scaling.schedule = std::move(steps);
  return std::nullopt;
}

std::string print_schedule(const Scenario& scenario) {
  std::string text;
  for (const policy::ScheduleStep& step : scenario.scaling.schedule) {
    text += "\n- " + print_step(scenario, step);
  }
  return text.empty() ? "[]" : text;
}

}  // namespace

void add_scenario_rows(Rows& rows) {
  rows.text(EPFLEET_KEY(name),
            {"Name of the scenario and of its result folder; by default the file's name.",
             "free choice"});
  Key& seed = rows.value(
      "seed", "whole number", EPFLEET_MEMBER(seed), seed_from,
      [](std::uint64_t number) { return fmt::format("{}", number); },
      {"Seed of every random draw: same scenario and seed, same bytes out.", "free choice"});
  seed.json = JsonType::Integer;
  seed.range = between(0.0, 18446744073709551615.0);
  seed.range_text = ">= 0";
  rows.value(
          "start", "time with offset", EPFLEET_MEMBER(start),
          [](const std::string& text) { return parse_calendar_time(text); },
          [](const CalendarTime& time) { return yaml_text(time.text); },
          {"Start of the counted window; times of day in the schedule are on this clock.",
           "the published day: 2025-02-27 12:00 UTC+8 (open-infra-index, day 6)"})
      .type = "time with offset (ISO 8601), e.g. 2025-02-27T12:00+08:00";
  rows.number(
      EPFLEET_KEY(duration), above(0.0, kYear),
      {"Length of the counted window; epfleet replay takes that of its trace instead, unless "
       "the command line states it (--set 'duration=1 h') or the trace is repeated.",
       "the published day: 24 h"});
}

void add_fleet_rows(Rows& rows) {
  const std::string chart =
      "the published node chart, read as 2 prefill units + groups of 1 decode and 3 prefill units";
  const auto count = [&](std::string name, auto member, std::string help) {
    rows.number(std::move(name), member, between(0, kMostUnits), {std::move(help), chart});
  };
  count(EPFLEET_KEY(fleet.base.prefill_units), "Prefill units that are always allotted.");
  count(EPFLEET_KEY(fleet.base.decode_units), "Decode units that are always allotted.");
  count(EPFLEET_KEY(fleet.group.prefill_units),
        "Prefill units of one group, the step in which the fleet grows and shrinks.");
  count(EPFLEET_KEY(fleet.group.decode_units), "Decode units of one group.");
  count(EPFLEET_KEY(fleet.groups),
        "Groups allotted without a schedule, and before the first step of one that is not daily.");
  rows.number(EPFLEET_KEY(fleet.pool_nodes), between(1, 1e6),
              {"Nodes that exist; none: as many as the largest allotment.", "not published"},
              "none");
  rows.rule(EPFLEET_KEY(scaling.policy), policy::scaling_rules().choices(),
            {"What decides how many groups are allotted.", "free choice"});
  Key& schedule = rows.custom(
      "scaling.schedule", "list of {at: HH:MM or duration after the start, groups: whole number}",
      {"How many groups are allotted from when on; HH:MM repeats daily on the clock of `start`.",
       "the published chart of nodes (open-infra-index, day 6), in groups"});
  schedule.json = JsonType::List;
  schedule.read = read_schedule;
  schedule.print = print_schedule;
  rows.number(EPFLEET_KEY(scaling.start_up), between(0.0, kYear),
              {"Time from allotment to service: weights from the store, warm-up.", "a guess"})
      .guess("1 min", "5 min");
  rows.choice(
      EPFLEET_KEY(scaling.drain),
      {{"migrate", "requests move to other units with their KV", policy::DrainMode::Migrate},
       {"wait", "requests finish where they are", policy::DrainMode::Wait}},
      {"What becomes of the requests of a unit that leaves.", "free choice"});
  rows.number(EPFLEET_KEY(scaling.drain_lead), between(0.0, kYear),
              {"A unit begins to drain this long before its allotment ends.",
               "moving 2 decode units' KV takes under a second; the rest is for steps under way"});
}

}  // namespace epfleet::config
