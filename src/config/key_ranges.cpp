#include "key_ranges.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <string_view>

namespace epfleet::config {
namespace {

std::string bound(Dimension dimension, double value) {
  return needs_unit(dimension) && value == 0.0 ? "0" : print_real(dimension, value);
}

}  // namespace

std::string range_text(Dimension dimension, bool whole, const Range& range) {
  const bool low = std::isfinite(range.low);
  const bool high = std::isfinite(range.high);
  const std::string_view from = range.low_open ? ">" : ">=";
  const std::string_view to = range.high_open ? "<" : "<=";
  const auto shown = [&](double value) {
    return whole && !needs_unit(dimension) ? fmt::format("{}", static_cast<std::int64_t>(value))
                                           : bound(dimension, value);
  };
  if (low && high) {
    return fmt::format("{} {} and {} {}", from, shown(range.low), to, shown(range.high));
  }
  if (low) {
    return fmt::format("{} {}", from, shown(range.low));
  }
  return high ? fmt::format("{} {}", to, shown(range.high)) : "";
}

std::optional<Fault> out_of_range(const Range& range, const std::string& range_text, double value,
                                  const std::string& text) {
  const bool low = range.low_open ? value <= range.low : value < range.low;
  const bool high = range.high_open ? value >= range.high : value > range.high;
  if (!low && !high) {
    return std::nullopt;
  }
  return Fault{fmt::format("'{}' is out of range", text), fmt::format("must be {}", range_text)};
}

}  // namespace epfleet::config
