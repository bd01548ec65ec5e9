// How a number of a run is declared: in one row, beside the member that holds it. From the rows
// come summary.json, what the columns of the series mean, the columns of sweeps, what a comparison
// calls better, `epfleet explain` and docs/metrics.md. The recipe is in docs/extending.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <variant>

#include "epfleet/base/names.h"
#include "epfleet/base/time.h"

namespace epfleet::metrics {

// A statistic that may have had nothing to measure (no request, no step, no node): then absent.
using Measure = std::optional<double>;

// numerator / denominator; absent when the denominator is 0.
[[nodiscard]] inline Measure ratio(double numerator, double denominator) {
  return denominator == 0.0 ? Measure() : Measure(numerator / denominator);
}

enum class Kind : std::uint8_t {
  Flow,          // adds up over time: intervals sum to the run
  Level,         // of a moment, or the mean or the peak of many moments
  Ratio,         // of two flows or levels
  Distribution,  // over requests or steps
};
inline constexpr base::Names<4> kKindNames = {"flow", "level", "ratio", "distribution"};

enum class Better : std::uint8_t { Neither, More, Less };
inline constexpr base::Names<3> kBetterNames = {"", "more is better", "less is better"};

// What a row's member holds, when it comes out: nothing measured, a truth, a count, a number.
using Value = std::variant<std::monostate, bool, std::int64_t, double>;

[[nodiscard]] inline Value value_of(bool value) { return value; }
[[nodiscard]] inline Value value_of(std::int64_t value) { return value; }
[[nodiscard]] inline Value value_of(double value) { return value; }
[[nodiscard]] inline Value value_of(base::Duration value) {
  return std::chrono::duration<double>(value).count();
}
template <class T>
[[nodiscard]] Value value_of(const std::optional<T>& value) {
  return value ? value_of(*value) : Value();
}

template <class Of>
struct Row {
  std::string_view name;  // the last word of its path
  std::string_view unit;
  Kind kind;
  Better better;
  Value (*value)(const Of&);
  std::string_view sentence;
};

// The value that a chain of members (or functions of the last one) leads to, for Row::value.
template <auto First, auto... Rest>
struct Chain {
  template <class Of>
  using Function = Value (*)(const Of&);

  template <class Of>
  static Value follow(const Of& of) {
    if constexpr (sizeof...(Rest) == 0) {
      return value_of(std::invoke(First, of));
    } else {
      return Chain<Rest...>::follow(std::invoke(First, of));
    }
  }
  template <class Of>
  constexpr operator Function<Of>() const {  // NOLINT(google-explicit-constructor)
    return &follow<Of>;
  }
};
template <auto... Members>
inline constexpr Chain<Members...> of;

}  // namespace epfleet::metrics
