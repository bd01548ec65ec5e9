// The rows of a length of plain traffic: of all of it, or of a class.
#pragma once

#include <string>
#include <utility>

#include "key_rows.h"

namespace epfleet::config {

// `length` leads from a scenario to its LengthConfig.
template <class Length>
void add_length_rows(Rows& rows, const std::string& group, Length length, const std::string& what) {
  const std::string choice = "free choice";
  using workload::LengthShape;
  const auto number = [&](const char* name, auto member, Dimension dimension, Range range,
                          std::string_view help, std::string_view example) {
    rows.number(group + "." + name, member, dimension, range, {help, choice, example}, "none");
  };
  number(
      "mean", [=](auto& s) -> auto& { return length(s).mean; }, Dimension::Tokens,
      between(1.0, 1e7),
      fmt::format("Mean length of {}, of what is drawn within the limits; a bare number instead "
                  "of the group says the same.",
                  what),
      "4000");
  number(
      "cv", [=](auto& s) -> auto& { return length(s).cv; }, Dimension::Number, between(0.0, 10.0),
      "Standard deviation / mean of these lengths, without their limits; lognormal if above 0.",
      "1");
  number(
      "min", [=](auto& s) -> auto& { return length(s).min; }, Dimension::Tokens, between(1, 1e7),
      "Shortest; what is shorter is drawn as long as this.", "100");
  number(
      "max", [=](auto& s) -> auto& { return length(s).max; }, Dimension::Tokens, between(1, 1e7),
      "Longest; what is longer is drawn as short as this.", "16000");
  rows.choice(
      group + ".law", [=](auto& s) -> auto& { return length(s).law; },
      {{"auto", "uniform between two limits without a mean, lognormal with a cv, else fixed",
        LengthShape::Auto},
       {"fixed", "all as long as the mean", LengthShape::Fixed},
       {"lognormal", "mean and cv (1 if none is stated)", LengthShape::Lognormal},
       {"uniform", "from min to max", LengthShape::Uniform}},
      {fmt::format("Law of the lengths of {}.", what), choice});
}

}  // namespace epfleet::config
