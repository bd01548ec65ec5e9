// Does a value with a unit become the number that its unit says, exactly, and is anything else
// refused?
#include "epfleet/config/value.h"

#include <gtest/gtest.h>

#include <limits>

namespace epfleet::config {
namespace {

struct WholeCase {
  Dimension dimension;
  const char* text;
  std::int64_t value;
};

TEST(Value, WholeNumbersAreExact) {
  constexpr WholeCase kCases[] = {
      {Dimension::Duration, "5 ms", 5'000'000},
      {Dimension::Duration, "5ms", 5'000'000},
      {Dimension::Duration, " 5  ms ", 5'000'000},
      {Dimension::Duration, "0.1 ms", 100'000},  // 0.1 x 1e6
      {Dimension::Duration, "1.29 us", 1'290},   // 1.29 x 1e3
      {Dimension::Duration, "1 h 30 min", 5'400'000'000'000},
      {Dimension::Duration, "2 d 1 s", 172'801'000'000'000},
      {Dimension::Duration, "0 s", 0},
      {Dimension::Duration, "-3 ns", -3},
      {Dimension::Duration, "1e3 s", 1'000'000'000'000},
      {Dimension::Bytes, "20 PB", 20'000'000'000'000'000},
      {Dimension::Bytes, "84943110144 B", 84'943'110'144},
      {Dimension::Bytes, "40 GiB", 42'949'672'960},
      {Dimension::Bytes, "1.5 kB", 1'500},
      {Dimension::Bytes, "1.5 KiB", 1'536},
      {Dimension::Bytes, "9007199254740993 B",
       9'007'199'254'740'993},  // 2^53 + 1: no double between
      {Dimension::Tokens, "16384", 16'384},
      {Dimension::Tokens, "608e9", 608'000'000'000},
      {Dimension::Tokens, "608 billion", 608'000'000'000},
      {Dimension::Tokens, "1.5 million", 1'500'000},
      {Dimension::Tokens, "64 tokens", 64},
      {Dimension::Number, "+7", 7},
      {Dimension::Number, "9223372036854775807", std::numeric_limits<std::int64_t>::max()},
  };
  for (const WholeCase& one : kCases) {
    const auto parsed = parse_whole(one.dimension, one.text);
    ASSERT_TRUE(parsed) << one.text << ": " << parsed.error().what;
    EXPECT_EQ(*parsed, one.value) << one.text;
  }
}

TEST(Value, RealNumbersAreTheNearestDouble) {
  // An equal double literal: the decimal is scaled by one correctly rounded operation.
  EXPECT_EQ(parse_real(Dimension::Share, "56.3 %"), 0.563);
  EXPECT_EQ(parse_real(Dimension::Share, "56.3%"), 0.563);
  EXPECT_EQ(parse_real(Dimension::Share, "0.563"), 0.563);
  EXPECT_EQ(parse_real(Dimension::Duration, "27 us"), 27e-6);
  EXPECT_EQ(parse_real(Dimension::Duration, "75 s"), 75.0);
  EXPECT_EQ(parse_real(Dimension::Duration, "1 min 15 s"), 75.0);
  EXPECT_EQ(parse_real(Dimension::Bandwidth, "50 GB/s"), 50e9);
  EXPECT_EQ(parse_real(Dimension::Bandwidth, "40 GiB/s"), 42949672960.0);
  EXPECT_EQ(parse_real(Dimension::FlopRate, "580 TFLOPS"), 580e12);
  EXPECT_EQ(parse_real(Dimension::Frequency, "1.6 GHz"), 1.6e9);
  EXPECT_EQ(parse_real(Dimension::GpuPrice, "2 USD/h"), 2.0);
  EXPECT_EQ(parse_real(Dimension::TokenPrice, "0.55 USD/M"), 0.55);
  EXPECT_EQ(parse_real(Dimension::Number, "-1e-3"), -0.001);
}

struct BadCase {
  Dimension dimension;
  const char* text;
  const char* what;
};

TEST(Value, WhatIsNotAValueIsRefused) {
  constexpr BadCase kCases[] = {
      {Dimension::Duration, "5", "'5' has no unit"},
      {Dimension::Duration, "0", "'0' has no unit"},
      {Dimension::Duration, "1 h 30", "'1 h 30' has no unit"},
      {Dimension::Duration, "5 MB", "'5 MB' has the unit 'MB'"},
      {Dimension::Duration, "5 Ms", "'5 Ms' has the unit 'Ms'"},
      {Dimension::Duration, "ms", "'ms' is not a duration"},
      {Dimension::Duration, "", "'' is not a duration"},
      {Dimension::Duration, "010 ms", "'010 ms' starts with a zero, which some read as octal"},
      {Dimension::Duration, "300000 d", "'300000 d' is too large or too small to be kept"},
      {Dimension::Duration, "0.5 ns", "'0.5 ns' is not a whole number"},
      {Dimension::Bytes, "20 PB more", "'20 PB more' has 'more' after the number of bytes"},
      {Dimension::Tokens, "608 B", "'608 B' has the unit 'B'"},
      {Dimension::Tokens, "1.5", "'1.5' is not a whole number"},
      {Dimension::Number, "010", "'010' starts with a zero, which some read as octal"},
      {Dimension::Number, "-010", "'-010' starts with a zero, which some read as octal"},
      {Dimension::Number, ".nan", "'.nan' is not a number"},
      {Dimension::Number, "inf", "'inf' is not a number"},
      {Dimension::Number, "0x1F", "'0x1F' has the unit 'x1F'"},
      {Dimension::Number, "1_000", "'1_000' has the unit '_000'"},
      {Dimension::Number, "5 %", "'5 %' has the unit '%'"},
      {Dimension::Number, ".5", "'.5' is not a number"},
      {Dimension::Number, "1e", "'1e' has the unit 'e'"},
      {Dimension::Number, "9223372036854775808",
       "'9223372036854775808' is too large or too small to be kept"},
  };
  for (const BadCase& one : kCases) {
    const auto parsed = parse_whole(one.dimension, one.text);
    ASSERT_FALSE(parsed) << one.text;
    EXPECT_EQ(parsed.error().what, one.what);
  }
  EXPECT_FALSE(parse_real(Dimension::Number, "1e999"));
  EXPECT_FALSE(parse_real(Dimension::Bandwidth, "50"));
}

TEST(Value, AMissingUnitIsMendedByTheList) {
  EXPECT_EQ(parse_whole(Dimension::Duration, "5").error().remedy,
            "write it with one of ns, us, ms, s, min, h, d, for example 5 ms");
}

TEST(Value, PrintsInTheLargestFittingUnit) {
  EXPECT_EQ(print_whole(Dimension::Duration, 86'400'000'000'000), "24 h");
  EXPECT_EQ(print_whole(Dimension::Duration, 90'000'000'000), "90 s");
  EXPECT_EQ(print_whole(Dimension::Duration, 1'290), "1.29 us");
  EXPECT_EQ(print_whole(Dimension::Duration, 1'045'000), "1.045 ms");
  EXPECT_EQ(print_whole(Dimension::Duration, 1'234'567), "1234567 ns");
  EXPECT_EQ(print_whole(Dimension::Duration, 0), "0 s");
  EXPECT_EQ(print_whole(Dimension::Bytes, 20'000'000'000'000'000), "20 PB");
  EXPECT_EQ(print_whole(Dimension::Bytes, 84'943'110'144), "84943110144 B");
  EXPECT_EQ(print_whole(Dimension::Tokens, 608'000'000'000), "608000000000");
  EXPECT_EQ(print_real(Dimension::Duration, 75.0), "75 s");
  EXPECT_EQ(print_real(Dimension::Duration, 10'800.0), "3 h");
  EXPECT_EQ(print_real(Dimension::Bandwidth, 2'904e9), "2.904 TB/s");
  EXPECT_EQ(print_real(Dimension::TokenPrice, 0.035), "0.035 USD/M");
  EXPECT_EQ(print_real(Dimension::Share, 0.563), "0.563");
}

TEST(Value, WhatIsPrintedParsesToTheSameBits) {
  std::uint64_t state = 1;
  for (int i = 0; i < 20'000; ++i) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    const auto whole = static_cast<std::int64_t>(state >> (1 + i % 60));
    for (const Dimension dimension : {Dimension::Duration, Dimension::Bytes, Dimension::Tokens}) {
      EXPECT_EQ(parse_whole(dimension, print_whole(dimension, whole)), whole);
    }
    const double real = static_cast<double>(state >> 11) * 0x1p-40;
    for (const Dimension dimension :
         {Dimension::Duration, Dimension::Bandwidth, Dimension::FlopRate, Dimension::Share,
          Dimension::TokenPrice}) {
      EXPECT_EQ(parse_real(dimension, print_real(dimension, real)), real);
    }
  }
}

TEST(Calendar, TimesOfDay) {
  EXPECT_EQ(parse_time_of_day("00:00"), 0);
  EXPECT_EQ(parse_time_of_day("23:59"), 23 * 60 + 59);
  for (const char* bad : {"24:00", "12:60", "1:00", "12-00", "12:0a", "", "12:00:00"}) {
    EXPECT_FALSE(parse_time_of_day(bad)) << bad;
  }
  EXPECT_EQ(print_time_of_day(8 * 60 + 5), "08:05");
}

TEST(Calendar, AnInstantIsUtcAndAnOffset) {
  // 2025-02-27T12:00+08:00 = 2025-02-27T04:00Z; 20,146 days after 1970-01-01.
  const auto time = parse_calendar_time("2025-02-27T12:00+08:00");
  ASSERT_TRUE(time);
  EXPECT_EQ(time->utc_seconds, 20'146LL * 86'400 + 4 * 3'600);
  EXPECT_EQ(time->offset_minutes, 480);
  EXPECT_EQ(time->minute_of_day(), 12 * 60);
  EXPECT_EQ(parse_calendar_time("2025-02-27T04:00:30Z")->utc_seconds, time->utc_seconds + 30);
  EXPECT_EQ(parse_calendar_time("2025-02-26T23:30-04:30")->utc_seconds, time->utc_seconds);
  EXPECT_EQ(parse_calendar_time(CalendarTime{}.text), CalendarTime{});
}

TEST(Calendar, WhatIsNoInstantIsRefused) {
  for (const char* bad :
       {"2025-02-27T12:00", "2025-02-29T12:00Z", "2025-13-01T12:00Z", "2025-02-27 12:00Z",
        "2025-02-27T12:00:61Z", "2025-02-27T12:00:", "2025-02-27T12:00+15:00", "2025-02-27T25:00Z",
        "2025-02-27T12:00+8", "x"}) {
    EXPECT_FALSE(parse_calendar_time(bad)) << bad;
  }
}

}  // namespace
}  // namespace epfleet::config
