#include "epfleet/text/parse.h"

#include <algorithm>
#include <cmath>

#include "epfleet/text/date.h"

namespace epfleet::text {

std::optional<double> parse_number(std::string_view text) {
  double value = 0.0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end && std::isfinite(value) ? std::optional(value)
                                                                     : std::nullopt;
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_digit);
}

std::optional<std::int64_t> parse_seconds(std::string_view text) {
  constexpr std::int64_t kBillion = 1'000'000'000;
  std::int64_t whole = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, whole);
  if (error == std::errc() && (stop == end || *stop == '.') && whole <= kMostSeconds &&
      text.front() != '-') {
    std::string_view rest(stop == end ? stop : stop + 1, end);
    const std::int64_t part = take_fraction(rest);
    if (rest.empty()) {
      return whole * kBillion + part;
    }
  }
  const auto seconds = parse_number(text);  // with an exponent, or beyond what fits
  if (!seconds || text.front() == '-' || *seconds > static_cast<double>(kMostSeconds)) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*seconds * 1e9 + 0.5);
}

}  // namespace epfleet::text
