#include "epfleet/text/parse.h"

#include <algorithm>
#include <cmath>

#include "epfleet/text/date.h"

namespace epfleet::text {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) {
    text.remove_prefix(1);
  }
  return trimmed_end(text);
}

std::string_view trimmed_end(std::string_view text) {
  while (!text.empty() && is_blank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

std::optional<double> parse_number(std::string_view text) {
  double value = 0.0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end && std::isfinite(value) ? std::optional(value)
                                                                     : std::nullopt;
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::int64_t> parse_seconds(std::string_view text) {
  constexpr std::int64_t kBillion = 1'000'000'000;
  const std::size_t point = std::min(text.find('.'), text.size());
  if (const auto whole = parse_whole<std::int64_t>(text.substr(0, point));
      whole && *whole <= kMostSeconds && text.front() != '-') {
    std::string_view rest = text.substr(std::min(point + 1, text.size()));
    const std::int64_t part = take_fraction(rest);
    if (rest.empty()) {
      return *whole * kBillion + part;
    }
  }
  const auto seconds = parse_number(text);  // with an exponent, or beyond what fits
  if (!seconds || text.front() == '-' || *seconds > static_cast<double>(kMostSeconds)) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*seconds * 1e9 + 0.5);
}

}  // namespace epfleet::text
