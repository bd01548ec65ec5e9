// How many units of each phase.
#pragma once

#include <algorithm>
#include <cstdint>

namespace epfleet::policy {

struct UnitCounts {
  std::int64_t prefill_units = 0;
  std::int64_t decode_units = 0;

  friend bool operator==(const UnitCounts&, const UnitCounts&) = default;
};

[[nodiscard]] inline UnitCounts operator+(UnitCounts a, UnitCounts b) {
  return {a.prefill_units + b.prefill_units, a.decode_units + b.decode_units};
}
[[nodiscard]] inline UnitCounts operator-(UnitCounts a, UnitCounts b) {
  return {a.prefill_units - b.prefill_units, a.decode_units - b.decode_units};
}
[[nodiscard]] inline UnitCounts operator*(std::int64_t times, UnitCounts counts) {
  return {times * counts.prefill_units, times * counts.decode_units};
}
// Phase by phase.
[[nodiscard]] inline UnitCounts least(UnitCounts a, UnitCounts b) {
  return {std::min(a.prefill_units, b.prefill_units), std::min(a.decode_units, b.decode_units)};
}
[[nodiscard]] inline UnitCounts most(UnitCounts a, UnitCounts b) {
  return {std::max(a.prefill_units, b.prefill_units), std::max(a.decode_units, b.decode_units)};
}

}  // namespace epfleet::policy
