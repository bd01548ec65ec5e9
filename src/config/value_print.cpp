// Values as text (declared in value.h).
#include <fmt/format.h>

#include <cmath>

#include "epfleet/config/value.h"
#include "units.h"

namespace epfleet::config {
namespace {

bool may_print(const Unit& unit, double size) {
  return unit.printed && size >= unit.multiply / unit.divide;
}

}  // namespace

std::string print_real(Dimension dimension, double value) {
  const std::span<const Unit> units = shape_of(dimension).units;
  for (std::size_t i = units.size(); i-- > 0;) {
    if (may_print(units[i], std::fabs(value))) {
      const double number = value * units[i].divide / units[i].multiply;
      if (units[i].multiply == 60 || units[i].multiply == 3600) {
        if (number != std::floor(number)) {
          continue;  // 75 s rather than 1.25 min
        }
      }
      // 15 digits hide the rounding of the division; where they lose bits, all digits are printed.
      for (const auto& digits : {fmt::format("{:.15g}", number), fmt::format("{}", number)}) {
        std::string text = fmt::format("{} {}", digits, units[i].name);
        const auto again = parse_real(dimension, text);
        if (again && *again == value) {
          return text;
        }
      }
    }
  }
  // No unit gives the same bits back: the base unit does.
  for (const Unit& unit : units) {
    if (unit.printed && unit.multiply == 1 && unit.divide == 1) {
      return fmt::format("{} {}", value, unit.name);
    }
  }
  return fmt::format("{}", value);
}

std::string print_whole(Dimension dimension, std::int64_t value) {
  const std::span<const Unit> units = shape_of(dimension).units;
  for (std::size_t i = units.size(); i-- > 0;) {
    const Unit& unit = units[i];
    if (!unit.printed || unit.whole == 0 || value == 0) {
      continue;
    }
    if (value % unit.whole == 0) {
      return fmt::format("{} {}", value / unit.whole, unit.name);
    }
    // 1.5 us rather than 1500 ns: up to three decimals, in units that go by thousands.
    const bool by_thousands =
        unit.whole % 1000 == 0 && unit.multiply != 60 && unit.multiply != 3600;
    if (by_thousands && value > unit.whole && value / unit.whole < 1000 &&
        value % (unit.whole / 1000) == 0) {
      return fmt::format("{} {}", static_cast<double>(value) / static_cast<double>(unit.whole),
                         unit.name);
    }
  }
  if (dimension == Dimension::Duration || dimension == Dimension::Bytes) {
    return dimension == Dimension::Duration ? "0 s" : "0 B";
  }
  return fmt::format("{}", value);
}

}  // namespace epfleet::config
