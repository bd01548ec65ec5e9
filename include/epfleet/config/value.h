// Values as scenario files write them: a number and, where the value has a dimension, its unit.
//   50 GB/s    1 h 30 min    2 USD/h    3 PB    608 billion    56.3 %    16384
// Modelled: one table of units per dimension; from it come parsing, printing and the lists in
//   messages. Refused: a bare number for a dimensioned value, 010 (octal elsewhere), .nan, .inf,
//   0x1F, 1_000. Text goes to the dimension's base unit; what is printed parses back to the same
//   bits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace epfleet::config {

enum class Dimension {
  Number,       // plain
  Share,        // 0.563 or 56.3 %
  Tokens,       // 16384, 608e9, 608 billion
  Duration,     // base unit second (whole: nanosecond)
  Bytes,        // base unit byte
  Bandwidth,    // byte per second
  FlopRate,     // FLOP per second
  Frequency,    // hertz
  GpuPrice,     // USD per hour
  TokenPrice,   // USD per million tokens
  Power,        // watt
  EnergyPrice,  // USD per kilowatt-hour
  Rate,         // per second
};

// What is wrong with a text, and the remedy.
struct Fault {
  std::string what;
  std::string remedy;
  int line = 0;  // of a part of the value, where that is known; 0: the value's own place
  int column = 0;
  std::vector<Fault> others{};  // in a value of many parts
};

template <class T>
using Parsed = tl::expected<T, Fault>;

// `example`: a right value, for the remedy; empty: one of the dimension.
[[nodiscard]] Parsed<double> parse_real(Dimension dimension, std::string_view text,
                                        std::string_view example = "");

// For values kept as integers: bytes, nanoseconds, tokens, plain counts.
[[nodiscard]] Parsed<std::int64_t> parse_whole(Dimension dimension, std::string_view text,
                                               std::string_view example = "");

// The shortest text in the largest fitting unit that parses back to the value.
[[nodiscard]] std::string print_real(Dimension dimension, double value);
[[nodiscard]] std::string print_whole(Dimension dimension, std::int64_t value);

// "duration (ns, us, ms, s, min, h, d)"
[[nodiscard]] std::string describe(Dimension dimension);
// Unit names joined by ", "; empty where no unit is needed.
[[nodiscard]] std::string unit_names(Dimension dimension);
// Whether a bare number is refused.
[[nodiscard]] bool needs_unit(Dimension dimension);

// A daily time "HH:MM" as minutes after midnight; "24:00" is refused.
[[nodiscard]] Parsed<int> parse_time_of_day(std::string_view text);
[[nodiscard]] std::string print_time_of_day(int minutes);

// An instant of the calendar: ISO 8601 with an offset, "2025-02-27T12:00+08:00" or "...T04:00Z".
struct CalendarTime {
  std::string text = "2025-01-01T00:00+00:00";
  std::int64_t utc_seconds = 1'735'689'600;  // since 1970-01-01T00:00Z
  int offset_minutes = 0;                    // of the writer's clock from UTC

  // Minutes after midnight on the writer's clock (seconds are cut).
  [[nodiscard]] int minute_of_day() const;
  friend bool operator==(const CalendarTime&, const CalendarTime&) = default;
};
[[nodiscard]] Parsed<CalendarTime> parse_calendar_time(std::string_view text);

}  // namespace epfleet::config
