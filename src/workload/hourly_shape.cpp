#include <fmt/core.h>

#include "epfleet/text/csv_reader.h"
#include "epfleet/workload/day_curve.h"

namespace epfleet::workload {

std::array<double, 24> read_hourly_shape(const std::string& flat_or_path) {
  std::array<double, 24> weights;
  weights.fill(1.0);
  if (flat_or_path.empty() || flat_or_path == "flat") {
    return weights;
  }
  text::CsvReader rows(flat_or_path, {"theoretical_income_usd"});
  double sum = 0.0;
  std::size_t hours = 0;
  while (rows.next_row()) {
    if (hours == weights.size()) {
      throw rows.problem("a 25th hour", "give 24 rows, one an hour from the scenario's start");
    }
    weights[hours] = rows.number(0);
    if (weights[hours] < 0.0) {
      throw rows.problem(0, "the weight is negative", "give 0 or more");
    }
    sum += weights[hours];
    ++hours;
  }
  if (hours < weights.size()) {
    throw rows.problem(fmt::format("only {} hours", hours),
                       "give 24 rows, one an hour from the scenario's start");
  }
  if (!(sum > 0.0)) {
    throw rows.problem("all weights are 0", "give at least one hour some weight");
  }
  for (double& weight : weights) {
    weight *= 24.0 / sum;
  }
  return weights;
}

}  // namespace epfleet::workload
