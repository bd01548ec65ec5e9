#include "epfleet/report/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>

#include "epfleet/report/catalogue.h"
#include "epfleet/report/human_numbers.h"

namespace epfleet::report {
namespace {

// The chart is read to 0.4 %; arrivals are solved to follow it with expected, not simulated,
// service times, and the hours of the node steps hold short queues.
constexpr double kHourlyTolerance = 0.03;
constexpr double kSameWindowSeconds = 1e-6;

Role role_in(const RunReport& report, const PublishedValue& value) {
  if (report.tokens_are_replayed && value.role_if_replayed) {
    return *value.role_if_replayed;
  }
  if (report.nodes_are_chosen && value.role_if_scaled) {
    return *value.role_if_scaled;
  }
  return value.role;
}

void judge(CheckRow& row) {
  if (!row.simulated) {
    row.note = "nothing was measured";
    return;
  }
  row.error_ratio = *row.simulated / row.published - 1.0;
  if (row.published_low && row.published_high) {
    row.within = *row.simulated >= *row.published_low && *row.simulated <= *row.published_high;
  } else if (row.tolerance_ratio) {
    row.within = std::fabs(*row.error_ratio) <= *row.tolerance_ratio;
  }
}

void add_band(CheckRow& row, const RunReport& report) {
  if (!report.published.bands) {
    return;
  }
  const auto found = report.published.bands->by_name.find(row.name);
  if (found != report.published.bands->by_name.end()) {
    row.band = found->second;
    row.band_stale = report.published.bands->scenario_fingerprint != report.scenario_fingerprint;
  }
}

CheckRow check_value(const RunReport& report, const PublishedValue& value) {
  CheckRow row;
  static_cast<PublishedValue&>(row) = value;
  row.role = role_in(report, value);
  row.simulated = measured(report, value.name);
  if (value.window_s && std::fabs(*value.window_s - report.simulated_s()) > kSameWindowSeconds) {
    row.note = fmt::format("published for {}, simulated {}", human_duration(*value.window_s),
                           human_duration(report.simulated_s()));
  } else {
    judge(row);
  }
  add_band(row, report);
  return row;
}

// The hour that the simulation misses by most. Its shape is an input; served tokens lag.
std::optional<CheckRow> worst_hour(const RunReport& report) {
  const auto errors = hourly_revenue_errors(report);
  std::optional<std::size_t> worst;
  for (std::size_t h = 0; h < errors.size(); ++h) {
    if (errors[h] && (!worst || std::fabs(*errors[h]) > std::fabs(*errors[*worst]))) {
      worst = h;
    }
  }
  if (!worst) {
    return std::nullopt;
  }
  CheckRow row;
  row.name = "hourly.theoretical_revenue_usd";
  row.role = Role::Input;
  row.published = report.published.hours[*worst].theoretical_revenue_usd;
  row.simulated = report.statement.hours[*worst].revenue.theoretical_usd;
  row.tolerance_ratio = kHourlyTolerance;
  // The name alone: an absolute path would differ between machines.
  row.source = std::filesystem::path(report.config.published_hourly).filename().string();
  row.note = fmt::format("the worst hour, the one from {} h", *worst);
  judge(row);
  return row;
}

}  // namespace

std::vector<std::optional<double>> hourly_revenue_errors(const RunReport& report) {
  const auto& hours = report.statement.hours;
  std::vector<std::optional<double>> errors(hours.size());
  for (std::size_t h = 0; h < std::min(hours.size(), report.published.hours.size()); ++h) {
    if (hours[h].end - hours[h].begin >= std::chrono::hours(1)) {
      errors[h] =
          hours[h].revenue.theoretical_usd / report.published.hours[h].theoretical_revenue_usd -
          1.0;
    }
  }
  return errors;
}

std::vector<CheckRow> make_checks(const RunReport& report) {
  std::vector<CheckRow> rows;
  for (const PublishedValue& value : report.published.values) {
    rows.push_back(check_value(report, value));
  }
  if (auto row = worst_hour(report)) {
    rows.push_back(std::move(*row));
  }
  std::ranges::stable_sort(rows, {}, &CheckRow::role);
  return rows;
}

}  // namespace epfleet::report
