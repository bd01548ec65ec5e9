// What a number of a scenario may be.
#pragma once

#include <optional>
#include <string>

#include "epfleet/config/key.h"
#include "epfleet/config/value.h"

namespace epfleet::config {

// Both ends, always: no value may make a run endless or overflow.
inline Range above(double low, double high) { return {.low = low, .high = high, .low_open = true}; }
inline Range between(double low, double high) { return {.low = low, .high = high}; }
inline Range inside(double low, double high) {
  return {.low = low, .high = high, .low_open = true, .high_open = true};
}
inline constexpr double kDay = 86'400.0;
inline constexpr double kYear = 366.0 * kDay;  // longest stretch of time that a key takes
[[nodiscard]] std::string range_text(Dimension dimension, bool whole, const Range& range);
[[nodiscard]] std::optional<Fault> out_of_range(const Range& range, const std::string& range_text,
                                                double value, const std::string& text);

}  // namespace epfleet::config
