#include "told_constants.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "epfleet/base/real_math.h"

namespace epfleet::calibration {
namespace {

constexpr double kStep = 0.1;
// Rows are off by this much for reasons of their own; a constant that they leave free within a
// quarter of its value is told.
constexpr double kRowError = 0.03, kLeftFree = 0.25;

using Column = std::vector<double>;  // what a constant does to the rows: up, then down

double length(const Column& column) {
  return std::sqrt(std::inner_product(column.begin(), column.end(), column.begin(), 0.0));
}

std::vector<double> logs(const hardware::HardwareProfile& profile,
                         const std::vector<RowTime>& rows) {
  std::vector<double> times;
  for (const RowTime& row : rows) {
    times.push_back(base::real_log(row(profile)));
  }
  return times;
}

// The mean of both directions' squares is what counts, so that a constant that binds on one side
// only is seen.
Column answer(const hardware::HardwareProfile& base, const Knob& knob,
              const std::vector<RowTime>& rows, const std::vector<double>& now) {
  const double value = knob.get(base);
  const double step = kStep * std::abs(knob.size(base));
  Column column;
  for (const double moved : {value + step, value - step}) {
    hardware::HardwareProfile profile = base;
    knob.set(profile, std::clamp(moved, knob.low, knob.high));
    const std::vector<double> then = logs(profile, rows);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      column.push_back((then[i] - now[i]) / kStep / std::sqrt(2.0));
    }
  }
  return column;
}

// Rows with the same time that answer alike to everything say the same.
void number_shapes(Told& told, const std::vector<Column>& columns, const std::vector<double>& now) {
  std::map<std::vector<double>, std::size_t> numbers;
  for (std::size_t row = 0; row < now.size(); ++row) {
    std::vector<double> shape{now[row]};
    for (const Column& column : columns) {
      shape.push_back(column[row]);
      shape.push_back(column[row + now.size()]);
    }
    told.shape_of.push_back(numbers.try_emplace(std::move(shape), numbers.size()).first->second);
  }
  told.shapes = numbers.size();
}

// What is left of a column beside the direction.
void take_off(Column& column, const Column& direction) {
  const double part =
      std::inner_product(column.begin(), column.end(), direction.begin(), 0.0) /
      std::inner_product(direction.begin(), direction.end(), direction.begin(), 0.0);
  for (std::size_t i = 0; i < column.size(); ++i) {
    column[i] -= part * direction[i];
  }
}

}  // namespace

Told told_constants(const hardware::HardwareProfile& base, const std::vector<Knob>& knobs,
                    const std::vector<RowTime>& rows) {
  const std::vector<double> now = logs(base, rows);
  std::vector<Column> left;
  for (const Knob& knob : knobs) {
    left.push_back(answer(base, knob, rows, now));
  }
  Told told;
  number_shapes(told, left, now);
  std::vector<bool> is_told(knobs.size(), false);
  for (std::size_t count = 0; count + 1 < told.shapes && count < knobs.size(); ++count) {
    std::size_t best = knobs.size();
    for (std::size_t k = 0; k < knobs.size(); ++k) {
      if (!is_told[k] && (best == knobs.size() || length(left[k]) > length(left[best]))) {
        best = k;
      }
    }
    if (length(left[best]) * kLeftFree < kRowError) {
      break;
    }
    is_told[best] = true;
    for (std::size_t k = 0; k < knobs.size(); ++k) {
      if (!is_told[k]) {
        take_off(left[k], left[best]);
      }
    }
  }
  for (std::size_t k = 0; k < knobs.size(); ++k) {
    is_told[k] ? told.knobs.push_back(knobs[k]) : told.unknown.push_back(knobs[k].key);
  }
  return told;
}

}  // namespace epfleet::calibration
