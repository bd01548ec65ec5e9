// Which constants of a family a set of measurements can tell.
//
// Modelled: how every predicted time answers to every constant (logarithms, up and down by a
//   tenth). A constant is told if no other told ones can do what it does to the rows (pivoted
//   Gram-Schmidt), but for what a measurement's own error hides; and fewer are told than there are
//   rows of different shapes.
// Left out: correlation of errors between rows.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "epfleet/hardware/profile.h"
#include "profile_knobs.h"

namespace epfleet::calibration {

// Seconds of a row, by the profile.
using RowTime = std::function<double(const hardware::HardwareProfile&)>;

struct Told {
  std::vector<Knob> knobs;            // in the family's order
  std::vector<std::string> unknown;   // keys that stay as they are
  std::vector<std::size_t> shape_of;  // [row]: rows that answer alike have one number
  std::size_t shapes = 0;
};

[[nodiscard]] Told told_constants(const hardware::HardwareProfile& base,
                                  const std::vector<Knob>& knobs, const std::vector<RowTime>& rows);

}  // namespace epfleet::calibration
