// Numbers as a person reads them at a terminal: three or four significant digits and a unit that
// fits. Files never use these; they carry exact numbers in fixed units.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace epfleet::report {

// "608.1 billion", "1.85 million", "12,345". `value` is a count.
[[nodiscard]] std::string human_count(double value);

// "43.2 ms", "2.31 s", "12 min 5 s", "24 h". `seconds` may be negative.
[[nodiscard]] std::string human_duration(double seconds);

// "278.4 GB", "1.02 PB": powers of 1000.
[[nodiscard]] std::string human_bytes(double bytes);

// "56.3 %". `ratio` is a fraction of 1.
[[nodiscard]] std::string human_percent(double ratio);

// "87,072": digits grouped by three, `decimals` after the point.
[[nodiscard]] std::string grouped(double value, int decimals = 0);
[[nodiscard]] std::string grouped_whole(std::int64_t value);

// Whatever the size: "0.563", "21.4", "4,989", "608.1 billion".
[[nodiscard]] std::string human_number(double value);

// Columns that a UTF-8 text takes on a terminal, escape sequences not counted (no wide characters
// are used).
[[nodiscard]] std::size_t display_width(std::string_view text);

// `text` with blanks before (right) or after (left) up to `width` columns.
[[nodiscard]] std::string padded_left(std::string_view text, std::size_t width);
[[nodiscard]] std::string padded_right(std::string_view text, std::size_t width);

}  // namespace epfleet::report
