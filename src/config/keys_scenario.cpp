// Keys at the top of a scenario, and of the fleet.
#include "epfleet/text/parse.h"
#include "key_files.h"
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

constexpr std::int64_t kMostUnitsOfAKey = 100'000;

// With a word more than a duration.
void add_duration_row(Rows& rows) {
  std::vector<Key> plain;
  Rows(plain).number(
      EPFLEET_KEY(duration), above(0.0, kYear),
      {"Length of the counted window; auto, if it is not stated: until the last of "
       "workload.requests, or the end of workload.stages. epfleet replay takes that of its trace "
       "instead, unless the command line states it (--set 'duration=1 h') or the trace is "
       "repeated.",
       "the published day: 24 h"});
  Key& key = rows.custom("", "", {});
  key = std::move(plain.front());
  key.absent = "auto";
  key.read = [read = key.read](Scenario& scenario, const Node& node) {
    scenario.ends_by_itself = node.kind == Node::Kind::Scalar && node.text == "auto";
    return scenario.ends_by_itself ? std::nullopt : read(scenario, node);
  };
  key.print = [print = key.print](const Scenario& scenario) {
    return scenario.ends_by_itself ? "auto" : print(scenario);
  };
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
  add_duration_row(rows);
}

void add_fleet_rows(Rows& rows) {
  const std::string chart =
      "the published node chart, read as 2 prefill units + groups of 1 decode and 3 prefill units";
  const auto count = [&](std::string_view name, auto member, std::string_view help) {
    rows.number(name, member, between(0, kMostUnitsOfAKey), {help, chart});
  };
  count("fleet.prefill_units", EPFLEET_MEMBER(fleet.base.prefill_units),
        "Prefill units of a fleet without groups: a short form of fleet.base.prefill_units that "
        "takes groups and schedules of the files below back.");
  count("fleet.decode_units", EPFLEET_MEMBER(fleet.base.decode_units),
        "Decode units of a fleet without groups: the short form of fleet.base.decode_units.");
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
}

}  // namespace epfleet::config
