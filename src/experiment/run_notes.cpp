#include "run_notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "epfleet/cluster/unit_setup.h"
#include "epfleet/experiment/expert_balance.h"
#include "epfleet/experiment/run_scenario.h"
#include "epfleet/experiment/run_verdict.h"
#include "epfleet/report/human_numbers.h"
#include "epfleet/text/parse.h"
#include "epfleet/timing/calibrated_range.h"

namespace epfleet::experiment {

std::string fleet_in_words(const config::Scenario& scenario) {
  cluster::UnitCounts least, most;
  const auto allotments = cluster::allotments_without_load(scenario);
  least = most = allotments.front().units;
  for (const cluster::Allotment& allotment : allotments) {
    least = policy::least(least, allotment.units);
    most = policy::most(most, allotment.units);
  }
  const bool may_shrink = cluster::make_scaling_rule(scenario)->follows_load();
  const auto units = [&](std::int64_t low, std::int64_t high, std::int64_t nodes,
                         const char* phase) {
    const std::string count = may_shrink    ? fmt::format("up to {}", high)
                              : low == high ? fmt::format("{}", low)
                                            : fmt::format("{} to {}", low, high);
    return fmt::format("{} {} unit{} of {} node{}", count, phase, count == "1" ? "" : "s", nodes,
                       nodes == 1 ? "" : "s");
  };
  const std::int64_t prefill = scenario.prefill_unit_nodes();
  const std::int64_t decode = scenario.decode_unit_nodes();
  const std::int64_t nodes = most.prefill_units * prefill + most.decode_units * decode;
  return fmt::format("{} and {}: {}{} nodes",
                     units(least.prefill_units, most.prefill_units, prefill, "prefill"),
                     units(least.decode_units, most.decode_units, decode, "decode"),
                     may_shrink || least != most ? "at most " : "", nodes);
}

std::vector<std::string> notes_on_failures(const cluster::FleetSpec& spec) {
  std::vector<std::string> notes;
  for (const cluster::FailureAt& failure : spec.failures.at) {
    if (base::kWindowStart + failure.time >= spec.window_end()) {
      notes.push_back(fmt::format(
          "failures.at: the {} that fails at {} does so after the counted window of {}: nothing of "
          "it is counted, and it does not come if all requests of the window have ended before",
          base::name_in(cluster::kFailureKindNames, failure.what),
          report::human_duration(base::to_seconds(failure.time)),
          report::human_duration(base::to_seconds(spec.duration))));
    }
  }
  return notes;
}

std::vector<std::string> notes_on_prices(const config::Scenario& scenario) {
  const cost::PricesConfig& prices = scenario.prices;
  std::vector<std::string> notes;
  const auto looks_at_holidays = [](const cost::PriceWindow& window) {
    return window.holidays != cost::HolidayRule::Any;
  };
  const auto looks_at_days = [&](const cost::PriceWindow& window) {
    return looks_at_holidays(window) || window.first || window.last ||
           window.weekdays != cost::PriceWindow{}.weekdays;
  };
  if (std::ranges::any_of(prices.calendar, looks_at_days) && !scenario.given.contains("start")) {
    notes.push_back(fmt::format(
        "prices.calendar: its days count from `start`, which is not stated and so is {}",
        scenario.start.text));
  }
  const auto year_of = [](cost::Day day) {
    return text::print_day(day.time_since_epoch().count()).substr(0, 4);
  };
  const std::string year = year_of(std::chrono::floor<std::chrono::days>(
      std::chrono::sys_seconds(std::chrono::seconds(scenario.start.utc_seconds))));
  if (std::ranges::any_of(prices.calendar, looks_at_holidays) &&
      std::ranges::none_of(prices.holidays, [&](cost::Day day) { return year_of(day) == year; })) {
    notes.push_back(fmt::format(
        "prices.calendar: a window looks at holidays, and prices.holidays lists none of {}", year));
  }
  return notes;
}

std::vector<std::string> notes_of(const config::Scenario& scenario,
                                  const metrics::RunStatistics& statistics, bool stable,
                                  std::vector<std::string> notes) {
  if (scenario.workload.source == workload::SourceKind::TokenRateTrace) {
    notes.emplace_back(
        "a token-rate trace states its cached tokens: the statistical cache replays them, and "
        "workload.totals and workload.hourly_shape are ignored");
  }
  if (statistics.out_of_range_ratio.value_or(0.0) > 0.0) {
    notes.push_back(fmt::format(
        "{:.2f} % of all steps were priced outside the calibrated ranges ({}; {})",
        *statistics.out_of_range_ratio * 100.0, timing::prefill_ranges(), timing::decode_ranges()));
  }
  if (statistics.requests.in_flight > 0) {
    notes.push_back(fmt::format(
        "{} of the {} requests that arrived in the window had not ended when the run did: "
        "latencies leave them out and are too short (report.cool_down is {})",
        statistics.requests.in_flight, statistics.requests.arrived,
        report::human_duration(base::to_seconds(scenario.report.cool_down))));
  }
  const bool even_load =
      scenario.workload.source != workload::SourceKind::RequestTrace &&
      (scenario.workload.hourly_shape.empty() || scenario.workload.hourly_shape == "flat") &&
      scenario.scaling.schedule.empty() && scenario.workload.plain.stages.empty() &&
      !scenario.workload.plain.requests;
  if (even_load && stable && drifts(statistics)) {  // of a growing queue the verdict tells
    notes.emplace_back(
        "the window still drifts, though the load is even: requests in service are not the same in "
        "its first and its last quarter (verdict.drift_ratio); set workload.warm_up: auto, or "
        "longer");
  }
  for (std::string& note : rebalance_notes(scenario)) {
    notes.push_back(std::move(note));
  }
  return notes;
}

}  // namespace epfleet::experiment
