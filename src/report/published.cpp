#include "epfleet/report/published.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "epfleet/base/error.h"
#include "epfleet/report/catalogue.h"
#include "epfleet/text/csv_reader.h"
#include "epfleet/text/files.h"

namespace epfleet::report {
namespace {

constexpr const char* kRolesAre = "roles are input, identity, calibrated, predicted";

std::optional<Role> role_if_any(const text::CsvReader& csv, std::size_t column) {
  const auto role = base::value_in<Role>(kRoleNames, csv.text(column));
  if (!role && !csv.text(column).empty()) {
    throw csv.problem(column, fmt::format("unknown role '{}'", csv.text(column)), kRolesAre);
  }
  return role;
}

enum PublishedColumn {
  Name,
  RoleIs,
  Figure,
  Source,
  IfScaled,
  IfReplayed,
  Window,
  Low,
  High,
  Tolerance
};

void check_value(const text::CsvReader& csv, const PublishedValue& value) {
  if (find_metric(value.name) == nullptr) {
    throw csv.problem(Name, fmt::format("summary.json has no number '{}'", value.name), "");
  }
  if (value.published == 0.0) {
    throw csv.problem(Figure, "a published value of 0 has no relative error", "");
  }
  if (value.published_low.has_value() != value.published_high.has_value() ||
      value.published_low > value.published_high) {
    throw csv.problem("published_low and published_high must be given together and in order", "");
  }
}

std::vector<PublishedValue> load_values(const std::string& path) {
  std::vector<PublishedValue> values;
  text::CsvReader csv(path, {"name", "role", "published", "source"},
                      {"role_if_scaled", "role_if_replayed", "window_s", "published_low",
                       "published_high", "tolerance_ratio"},
                      {.key = "report.published"});
  while (csv.next_row()) {
    PublishedValue value;
    value.name = csv.text(Name);
    const auto role = role_if_any(csv, RoleIs);
    if (!role) {
      throw csv.problem(RoleIs, "is empty", kRolesAre);
    }
    value.role = *role;
    value.role_if_scaled = role_if_any(csv, IfScaled);
    value.role_if_replayed = role_if_any(csv, IfReplayed);
    value.window_s = csv.number_if_any(Window);
    value.published = csv.number(Figure);
    value.published_low = csv.number_if_any(Low);
    value.published_high = csv.number_if_any(High);
    value.tolerance_ratio = csv.number_if_any(Tolerance);
    value.source = csv.text(Source);
    check_value(csv, value);
    values.push_back(std::move(value));
  }
  return values;
}

std::vector<PublishedHour> load_hours(const std::string& path) {
  std::vector<PublishedHour> hours;
  text::CsvReader csv(path, {"mean_nodes", "cost_usd", "theoretical_income_usd"}, {},
                      {.key = "report.published_hourly"});
  while (csv.next_row()) {
    const PublishedHour hour{csv.number(0), csv.number(1), csv.number(2)};
    if (hour.theoretical_revenue_usd <= 0.0) {
      throw csv.problem(2, "must be above 0", "");
    }
    hours.push_back(hour);
  }
  return hours;
}

std::optional<double> number_or_none(const nlohmann::json& row, const char* key) {
  return row.contains(key) && row[key].is_number() ? std::optional(row[key].get<double>())
                                                   : std::nullopt;
}

Bands load_bands(const std::string& path) {
  const std::string key = "report.bands";
  const auto document = nlohmann::json::parse(text::read_file(path, key), nullptr, false);
  const auto wrong = [&](std::string what) {
    return base::InputError({.file = path,
                             .key = key,
                             .what = std::move(what),
                             .remedy = "run the band script again to write it"});
  };
  if (!document.is_object() || !document.contains("rows") || !document["rows"].is_array() ||
      !document.contains("scenario_fingerprint") || !document["scenario_fingerprint"].is_string()) {
    throw wrong("not a bands file {scenario_fingerprint, rows: [{name, low, high}]}");
  }
  Bands bands;
  bands.scenario_fingerprint = document["scenario_fingerprint"].get<std::string>();
  for (const auto& row : document["rows"]) {
    if (!row.is_object() || !row.contains("name") || !row["name"].is_string()) {
      throw wrong("a row without a name");
    }
    bands.by_name[row["name"].get<std::string>()] =
        Band{number_or_none(row, "low"), number_or_none(row, "high")};
  }
  return bands;
}

}  // namespace

Published load_published(const observe::ReportConfig& config) {
  Published published;
  if (!config.published.empty()) {
    published.values = load_values(config.published);
  }
  if (!config.published_hourly.empty()) {
    published.hours = load_hours(config.published_hourly);
  }
  if (!config.bands.empty()) {
    published.bands = load_bands(config.bands);
  }
  return published;
}

}  // namespace epfleet::report
