// The units of every dimension: the one table behind parsing, printing and messages.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "epfleet/config/value.h"

namespace epfleet::config {

// A real value is number * multiply / divide: dividing by 1e6 rounds correctly, multiplying by 1e-6
// does not.
struct Unit {
  std::string_view name;
  double multiply;
  double divide;
  std::int64_t whole;  // of the integer base unit; 0: not for whole values
  bool printed;        // whether print_*() may choose it
};

struct Shape {
  std::string_view name;
  std::span<const Unit> units;
  bool unit_needed;
  std::string_view example;
};

[[nodiscard]] const Shape& shape_of(Dimension dimension);

}  // namespace epfleet::config
