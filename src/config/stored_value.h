// How a member of a configuration becomes text and back, by its type.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "epfleet/base/quantity.h"
#include "epfleet/base/time.h"
#include "epfleet/config/value.h"

namespace epfleet::config {

template <class T>
struct Stored;  // read(dimension, text) -> Parsed<T>; print(dimension, T); base(T): in base units

template <>
struct Stored<double> {
  static Parsed<double> read(Dimension d, std::string_view text) { return parse_real(d, text); }
  static std::string print(Dimension d, double value) { return print_real(d, value); }
  static double base(double value) { return value; }
};
template <>
struct Stored<std::int64_t> {
  static Parsed<std::int64_t> read(Dimension d, std::string_view text) {
    return parse_whole(d, text);
  }
  static std::string print(Dimension d, std::int64_t value) { return print_whole(d, value); }
  static double base(std::int64_t value) { return static_cast<double>(value); }
};
template <>
struct Stored<base::Duration> {
  static Parsed<base::Duration> read(Dimension d, std::string_view text) {
    return parse_whole(d, text).map([](std::int64_t ns) { return base::Duration(ns); });
  }
  static std::string print(Dimension d, base::Duration value) {
    return print_whole(d, value.count());
  }
  static double base(base::Duration value) { return base::to_seconds(value); }
};
template <class Tag, class Rep>
struct Stored<base::Quantity<Tag, Rep>> {
  using Q = base::Quantity<Tag, Rep>;
  static Parsed<Q> read(Dimension d, std::string_view text) {
    return Stored<Rep>::read(d, text).map([](Rep count) { return Q(count); });
  }
  static std::string print(Dimension d, Q value) { return Stored<Rep>::print(d, value.count()); }
  static double base(Q value) { return Stored<Rep>::base(value.count()); }
};

template <class T>
struct Optional : std::false_type {
  using Value = T;
};
template <class T>
struct Optional<std::optional<T>> : std::true_type {
  using Value = T;
};

}  // namespace epfleet::config
