#include "epfleet/report/human_numbers.h"

#include <gtest/gtest.h>

#include <limits>

namespace epfleet::report {
namespace {

TEST(HumanNumbers, Counts) {
  EXPECT_EQ(human_count(0), "0");
  EXPECT_EQ(human_count(12345), "12,345");
  EXPECT_EQ(human_count(999999), "999,999");
  EXPECT_EQ(human_count(1'850'000), "1.85 million");
  EXPECT_EQ(human_count(155'555'555), "155.6 million");
  EXPECT_EQ(human_count(608e9), "608.0 billion");
  EXPECT_EQ(human_count(2.5e15), "2,500 trillion");
  EXPECT_EQ(human_count(-12345), "-12,345");
}

TEST(HumanNumbers, Durations) {
  EXPECT_EQ(human_duration(0.0), "0 s");
  EXPECT_EQ(human_duration(0.0000034), "3.40 us");
  EXPECT_EQ(human_duration(0.0462), "46.2 ms");
  EXPECT_EQ(human_duration(2.305), "2.31 s");
  EXPECT_EQ(human_duration(119.0), "119.0 s");
  EXPECT_EQ(human_duration(125.0), "2 min 5 s");
  EXPECT_EQ(human_duration(3599.9), "1 h");
  EXPECT_EQ(human_duration(86400.0), "24 h");
  EXPECT_EQ(human_duration(5400.0), "1 h 30 min");
  EXPECT_EQ(human_duration(-1800.0), "-30 min");
}

TEST(HumanNumbers, OtherUnits) {
  EXPECT_EQ(human_bytes(278.4e9), "278.4 GB");
  EXPECT_EQ(human_bytes(20e15), "20.0 PB");
  EXPECT_EQ(human_bytes(12), "12.0 B");
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_percent(0.5631), "56.3 %");
  EXPECT_EQ(grouped(87072), "87,072");
  EXPECT_EQ(grouped(1234567.891, 2), "1,234,567.89");
  EXPECT_EQ(grouped(-999), "-999");
  EXPECT_EQ(human_number(0.563), "0.563");
  EXPECT_EQ(human_number(21.37), "21.4");
  EXPECT_EQ(human_number(std::numeric_limits<double>::quiet_NaN()), "-");
}

TEST(HumanNumbers, WidthsCountColumnsNotBytes) {
  EXPECT_EQ(display_width("▁▂▃"), 3U);
  EXPECT_EQ(display_width("\033[31mred\033[0m"), 3U);
  EXPECT_EQ(padded_left("▁", 3), "  ▁");
  EXPECT_EQ(padded_right("abc", 2), "abc");
}

}  // namespace
}  // namespace epfleet::report
