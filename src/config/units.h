// The units of every dimension: the one table behind parsing, printing and messages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "epfleet/config/value.h"

namespace epfleet::config {

// A real value is number * multiply / divide: dividing by 1e6 rounds correctly, multiplying by 1e-6
// does not.
struct Unit {
  std::string name;
  double multiply = 1;
  double divide = 1;
  bool printed = true;  // whether print_*() may choose it
};

struct Shape {
  std::string_view name;
  std::vector<Unit> units;
  bool unit_needed;
  std::string_view example;
  double whole = 0;  // integers of a whole value in one base unit; 0: it has no units

  [[nodiscard]] std::int64_t whole_of(const Unit& unit) const {
    return static_cast<std::int64_t>(unit.multiply * whole / unit.divide);
  }
};

[[nodiscard]] const Shape& shape_of(Dimension dimension);

}  // namespace epfleet::config
