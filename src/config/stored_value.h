// How a member of a configuration becomes text and back, by its type.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "epfleet/base/quantity.h"
#include "epfleet/base/time.h"
#include "epfleet/config/value.h"

namespace epfleet::config {

// kDimension: what the type alone tells; read(dimension, text, example) -> Parsed<T>;
// print(dimension, T); base(T): in base units.
template <class T>
struct Stored;

template <>
struct Stored<double> {
  static constexpr Dimension kDimension = Dimension::Number;
  static Parsed<double> read(Dimension d, std::string_view text, std::string_view example) {
    return parse_real(d, text, example);
  }
  static std::string print(Dimension d, double value) { return print_real(d, value); }
  static double base(double value) { return value; }
};
template <>
struct Stored<std::int64_t> {
  static constexpr Dimension kDimension = Dimension::Number;
  static Parsed<std::int64_t> read(Dimension d, std::string_view text, std::string_view example) {
    return parse_whole(d, text, example);
  }
  static std::string print(Dimension d, std::int64_t value) { return print_whole(d, value); }
  static double base(std::int64_t value) { return static_cast<double>(value); }
};
// A duration or another quantity.
template <class T>
  requires requires(const T& value) { value.count(); }
struct Stored<T> {
  using Rep = decltype(std::declval<const T&>().count());
  static constexpr bool kTime = std::same_as<T, base::Duration>;
  static constexpr Dimension kDimension =
      kTime                                   ? Dimension::Duration
      : std::same_as<T, base::Bytes>          ? Dimension::Bytes
      : std::same_as<T, base::BytesPerSecond> ? Dimension::Bandwidth
      : std::same_as<T, base::FlopsPerSecond> ? Dimension::FlopRate
      : std::same_as<T, base::Tokens>         ? Dimension::Tokens
                                              : Dimension::Number;
  static Parsed<T> read(Dimension d, std::string_view text, std::string_view example) {
    return Stored<Rep>::read(d, text, example).map([](Rep count) { return T(count); });
  }
  static std::string print(Dimension d, T value) { return Stored<Rep>::print(d, value.count()); }
  static double base(T value) {
    if constexpr (kTime) {
      return epfleet::base::to_seconds(value);
    } else {
      return Stored<Rep>::base(value.count());
    }
  }
};

template <class T>
struct Optional : std::false_type {
  using Value = T;
};
template <class T>
struct Optional<std::optional<T>> : std::true_type {
  using Value = T;
};

template <class T>
struct Stored<std::optional<T>> {  // that may be absent: only its dimension
  static constexpr Dimension kDimension = Stored<T>::kDimension;
};

}  // namespace epfleet::config
