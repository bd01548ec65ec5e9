// Small values out of a text, the whole of it or nothing: every reader of files uses these.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace epfleet::text {

// Without blanks and tabs at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);
[[nodiscard]] std::string_view trimmed_end(std::string_view text);  // at the end only

[[nodiscard]] inline bool is_blank(std::string_view text) { return trimmed(text).empty(); }

// A finite decimal number: 17, -0.25, 1e-05.
[[nodiscard]] std::optional<double> parse_number(std::string_view text);

// A whole number that fits: 17, -3 (of a signed type).
template <std::integral Whole>
[[nodiscard]] std::optional<Whole> parse_whole(std::string_view text, int base = 10) {
  Whole value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  return error == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

// Digits and nothing else, so that what did not fit can be told from what is no number.
[[nodiscard]] bool is_digits(std::string_view text);

// Decimal seconds as nanoseconds, exactly: 17, 0.25, 1e-05. Digits beyond the nanosecond are
// dropped. None for text, for what is negative and beyond kMostSeconds.
inline constexpr std::int64_t kMostSeconds = 9'000'000'000;  // 285 years: nanoseconds below 2^63
[[nodiscard]] std::optional<std::int64_t> parse_seconds(std::string_view text);

}  // namespace epfleet::text
