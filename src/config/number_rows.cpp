// Rows of numbers: read in a dimension, held to a range, printed in the units of the dimension.
#include <concepts>
#include <optional>
#include <string>
#include <utility>

#include "key_rows.h"

namespace epfleet::config {
namespace {

// Only these have no unit to be written and no fraction.
template <class Value>
constexpr bool is_whole = !std::same_as<Value, double> && !requires(Value v) {
  { v.count() } -> std::same_as<double>;
};

JsonType json_of(Dimension dimension, bool whole) {
  return needs_unit(dimension)            ? JsonType::Text
         : dimension != Dimension::Number ? JsonType::NumberOrText
         : whole                          ? JsonType::Integer
                                          : JsonType::Number;
}

template <class T>
std::string printed(Dimension dimension, const T& held, const std::string& absent) {
  if constexpr (Optional<T>::value) {
    return held ? Stored<typename Optional<T>::Value>::print(dimension, *held) : absent;
  } else {
    return Stored<T>::print(dimension, held);
  }
}

}  // namespace

template <class T>
Rows& Rows::number_of(std::string_view name, MemberOf<T> member, Dimension dimension, Range range,
                      const Docs& docs, std::string_view absent_word) {
  using Value = typename Optional<T>::Value;
  const std::string words = range_text(dimension, is_whole<Value>, range);
  const std::string absent(absent_word);
  const T& usual = member.look(shipped_defaults());
  std::string example(docs.example);
  if (example.empty() && usual != T{}) {
    example = printed(dimension, usual, "");
  }
  const auto parse = [=](const std::string& text) -> Parsed<T> {
    if constexpr (Optional<T>::value) {
      if (text == absent) {
        return T{};
      }
    }
    const Parsed<Value> value = Stored<Value>::read(dimension, text, example);
    if (!value) {
      return tl::unexpected(value.error());
    }
    if (const auto fault = out_of_range(range, words, Stored<Value>::base(*value), text)) {
      return tl::unexpected(*fault);
    }
    return T(*value);
  };
  const bool plain = is_whole<Value> && dimension == Dimension::Number;
  Key& key = value_of<T>(
      name, plain ? "whole number" : describe(dimension), std::move(member), parse,
      [=](const T& held) { return printed(dimension, held, absent); }, docs);
  key.dimension = dimension;
  key.range = range;
  key.range_text = words;
  key.absent = absent;
  key.json = json_of(dimension, is_whole<Value>);
  return *this;
}

#define EPFLEET_NUMBERS_IN(...)                                                             \
  template Rows& Rows::number_of(std::string_view, MemberOf<__VA_ARGS__>, Dimension, Range, \
                                 const Docs&, std::string_view);                            \
  template Rows& Rows::number_of(std::string_view, MemberOf<std::optional<__VA_ARGS__>>,    \
                                 Dimension, Range, const Docs&, std::string_view)
EPFLEET_NUMBERS_IN(double);
EPFLEET_NUMBERS_IN(std::int64_t);
EPFLEET_NUMBERS_IN(base::Duration);
EPFLEET_NUMBERS_IN(base::Bytes);
EPFLEET_NUMBERS_IN(base::BytesPerSecond);
EPFLEET_NUMBERS_IN(base::FlopsPerSecond);
EPFLEET_NUMBERS_IN(base::Tokens);
EPFLEET_NUMBERS_IN(base::UsdPerHour);
#undef EPFLEET_NUMBERS_IN

}  // namespace epfleet::config
