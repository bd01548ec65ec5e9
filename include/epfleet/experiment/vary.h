// What a plan varies: KEY=LO..HI, KEY=LO..HI/STEP, or KEY=A,B,C; numbers carry the key's unit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "epfleet/config/value.h"

namespace epfleet::experiment {

struct Vary {
  std::string key;
  config::Dimension dimension = config::Dimension::Number;
  bool whole = false;  // the key takes whole numbers only
  // A range, in the dimension's base unit; else the values are listed.
  bool is_range = false;
  double low = 0.0, high = 0.0;
  std::optional<double> step;
  std::vector<std::string> values;

  // A number of the range as --set takes it.
  [[nodiscard]] std::string text(double value) const;
  // What a grid tries: the listed values; of a range every step, by default every whole number up
  // to 16 of them, else 5 values evenly.
  [[nodiscard]] std::vector<std::string> grid() const;
};

// Throws base::InputError, naming the nearest key or showing the form.
[[nodiscard]] Vary parse_vary(const std::string& text);

}  // namespace epfleet::experiment
