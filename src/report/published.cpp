#include "epfleet/report/published.h"

#include <fast_float/fast_float.h>
#include <fmt/format.h>
#include <libfccp/csv.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "epfleet/base/error.h"
#include "epfleet/report/catalogue.h"
#include "epfleet/report/result_folder.h"
#include "epfleet/text/files.h"

namespace epfleet::report {
namespace {

constexpr std::array<std::string_view, kRoles> kRoleNames{"input", "identity", "calibrated",
                                                          "predicted"};

template <unsigned Columns>
using CsvReader =
    io::CSVReader<Columns, io::trim_chars<' ', '\t', '\r'>, io::double_quote_escape<',', '"'>,
                  io::throw_on_overflow, io::single_line_comment<'#'>>;

// Problems of one file, each with the line that is being read.
struct Place {
  std::string file;
  std::string key;
  int line = 0;

  [[noreturn]] void fail(std::string what, std::string remedy = {}) const {
    base::Problem problem;
    problem.file = file;
    problem.line = line;
    problem.key = key;
    problem.what = std::move(what);
    problem.remedy = std::move(remedy);
    throw base::InputError(std::move(problem));
  }
};

double number(const Place& place, std::string_view column, std::string_view text) {
  double value = 0.0;
  const char* end = text.data() + text.size();
  const auto result = fast_float::from_chars(text.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end || !std::isfinite(value)) {
    place.fail(fmt::format("column {}: '{}' is not a number", column, text));
  }
  return value;
}

std::optional<double> optional_number(const Place& place, std::string_view column,
                                      const char* text) {
  // A column that the file lacks leaves the pointer null.
  return text == nullptr || *text == '\0' ? std::nullopt
                                          : std::optional(number(place, column, text));
}

std::optional<Role> optional_role(const Place& place, std::string_view column, const char* text) {
  if (text == nullptr || *text == '\0') {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < kRoles; ++i) {
    if (kRoleNames[i] == text) {
      return static_cast<Role>(i);
    }
  }
  place.fail(fmt::format("column {}: unknown role '{}'", column, text),
             "roles are input, identity, calibrated, predicted");
}

// Runs `read`, which uses fast-cpp-csv-parser, and turns its errors into ours.
template <class Read>
void read_csv(Place& place, Read read) {
  (void)text::read_file(place.file, place.key);  // a missing file is told in our words
  try {
    read();
  } catch (const io::error::base& error) {
    place.line = 0;  // its message names the line
    place.fail(error.what());
  }
}

void check_value(const Place& place, const PublishedValue& value) {
  if (find_metric(value.name) == nullptr) {
    place.fail(fmt::format("summary.json has no number '{}'", value.name));
  }
  if (value.published == 0.0) {
    place.fail("a published value of 0 has no relative error");
  }
  if (value.published_low.has_value() != value.published_high.has_value() ||
      value.published_low > value.published_high) {
    place.fail("published_low and published_high must be given together and in order");
  }
}

std::vector<PublishedValue> load_values(const std::string& path) {
  Place place{path, "report.published"};
  std::vector<PublishedValue> values;
  read_csv(place, [&] {
    CsvReader<10> csv(path);
    csv.read_header(io::ignore_missing_column | io::ignore_extra_column, "name", "role",
                    "role_if_scaled", "role_if_replayed", "window_s", "published", "published_low",
                    "published_high", "tolerance_ratio", "source");
    for (const char* column : {"name", "role", "published", "source"}) {
      if (!csv.has_column(column)) {
        place.fail(fmt::format("no column '{}'", column));
      }
    }
    const char *name = nullptr, *role = nullptr, *scaled = nullptr, *replayed = nullptr;
    const char *window = nullptr, *published = nullptr, *low = nullptr, *high = nullptr;
    const char *tolerance = nullptr, *source = nullptr;
    while (csv.read_row(name, role, scaled, replayed, window, published, low, high, tolerance,
                        source)) {
      place.line = static_cast<int>(csv.get_file_line());
      PublishedValue value;
      value.name = name;
      const auto stated_role = optional_role(place, "role", role);
      if (!stated_role) {
        place.fail("column role is empty", "roles are input, identity, calibrated, predicted");
      }
      value.role = *stated_role;
      value.role_if_scaled = optional_role(place, "role_if_scaled", scaled);
      value.role_if_replayed = optional_role(place, "role_if_replayed", replayed);
      value.window_s = optional_number(place, "window_s", window);
      value.published = number(place, "published", published);
      value.published_low = optional_number(place, "published_low", low);
      value.published_high = optional_number(place, "published_high", high);
      value.tolerance_ratio = optional_number(place, "tolerance_ratio", tolerance);
      value.source = source;
      check_value(place, value);
      values.push_back(std::move(value));
    }
  });
  return values;
}

std::vector<PublishedHour> load_hours(const std::string& path) {
  Place place{path, "report.published_hourly"};
  std::vector<PublishedHour> hours;
  read_csv(place, [&] {
    CsvReader<3> csv(path);
    csv.read_header(io::ignore_extra_column, "mean_nodes", "cost_usd", "theoretical_income_usd");
    const char *nodes = nullptr, *cost = nullptr, *revenue = nullptr;
    while (csv.read_row(nodes, cost, revenue)) {
      place.line = static_cast<int>(csv.get_file_line());
      const PublishedHour hour{number(place, "mean_nodes", nodes), number(place, "cost_usd", cost),
                               number(place, "theoretical_income_usd", revenue)};
      if (hour.theoretical_revenue_usd <= 0.0) {
        place.fail("theoretical_income_usd must be above 0");
      }
      hours.push_back(hour);
    }
  });
  return hours;
}

std::optional<double> number_or_none(const nlohmann::json& row, const char* key) {
  return row.contains(key) && row[key].is_number() ? std::optional(row[key].get<double>())
                                                   : std::nullopt;
}

Bands load_bands(const std::string& path) {
  const Place place{path, "report.bands"};
  const auto document = nlohmann::json::parse(text::read_file(path, place.key), nullptr, false);
  const char* const remedy = "run the band script again to write it";
  if (!document.is_object() || !document.contains("rows") || !document["rows"].is_array() ||
      !document.contains("scenario_fingerprint") || !document["scenario_fingerprint"].is_string()) {
    place.fail("not a bands file {scenario_fingerprint, rows: [{name, low, high}]}", remedy);
  }
  Bands bands;
  bands.scenario_fingerprint = document["scenario_fingerprint"].get<std::string>();
  for (const auto& row : document["rows"]) {
    if (!row.is_object() || !row.contains("name") || !row["name"].is_string()) {
      place.fail("a row without a name", remedy);
    }
    bands.by_name[row["name"].get<std::string>()] =
        Band{number_or_none(row, "low"), number_or_none(row, "high")};
  }
  return bands;
}

}  // namespace

std::string_view name_of(Role role) { return kRoleNames.at(static_cast<std::size_t>(role)); }

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
