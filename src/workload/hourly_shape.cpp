#include <fmt/ranges.h>

#include <algorithm>

#include "epfleet/text/csv_reader.h"
#include "epfleet/workload/day_curve.h"

namespace epfleet::workload {

namespace {

constexpr const char* kRemedy = "give a header and 24 rows, one an hour from the scenario's start";

// Weights are relative, so their unit and name do not matter: the only column, or the one beside
// the hours; in a wider table it must be named.
std::size_t weight_column(const text::CsvReader& rows) {
  const std::vector<std::string>& columns = rows.columns();
  for (const char* name : {"weight", "theoretical_income_usd"}) {
    const auto found = std::ranges::find(columns, name);
    if (found != columns.end()) {
      return static_cast<std::size_t>(found - columns.begin());
    }
  }
  if (columns.size() > 2) {
    throw base::InputError(
        {.file = rows.path(),
         .key = "workload.hourly_shape",
         .what = fmt::format("which of the columns {} has the weights?", fmt::join(columns, ", ")),
         .remedy = "name that column 'weight'"});
  }
  return columns.size() - 1;
}

}  // namespace

std::array<double, 24> read_hourly_shape(const std::string& flat_or_path) {
  std::array<double, 24> weights;
  weights.fill(1.0);
  if (flat_or_path.empty() || flat_or_path == "flat") {
    return weights;
  }
  text::CsvReader rows(flat_or_path, {}, {}, {.key = "workload.hourly_shape"});
  const std::size_t column = weight_column(rows);
  double sum = 0.0;
  std::size_t hours = 0;
  while (rows.next_row()) {
    if (hours == weights.size()) {
      throw rows.problem("a 25th hour", kRemedy);
    }
    weights[hours] = rows.number(column);
    if (weights[hours] < 0.0) {
      throw rows.problem(column, "the weight is negative", "give 0 or more");
    }
    sum += weights[hours];
    ++hours;
  }
  if (hours < weights.size()) {
    throw rows.problem(fmt::format("only {} hours", hours), kRemedy);
  }
  if (!(sum > 0.0 && sum < 1e300)) {
    throw rows.problem(sum > 0.0 ? "the weights are too large" : "all weights are 0",
                       "give at least one hour some weight, and none too much");
  }
  for (double& weight : weights) {
    weight *= 24.0 / sum;
  }
  return weights;
}

}  // namespace epfleet::workload
