#include <gtest/gtest.h>

#include "epfleet/text/parse.h"

namespace epfleet::text {
namespace {

// 2023-11-16 18:15:46 UTC = 19,677 days and 65,746 s after 1970: 1,700,158,546 s.
TEST(ParseDate, AsTracesAndScenariosWriteThem) {
  const auto azure = parse_date("2023-11-16 18:15:46.6805900");
  ASSERT_TRUE(azure);
  EXPECT_EQ(azure->utc_seconds, 1'700'158'546);
  EXPECT_EQ(azure->nanoseconds, 680'590'000);
  EXPECT_FALSE(azure->offset_minutes);
  const auto beijing = parse_date("2023-11-17T02:15+08:00");
  ASSERT_TRUE(beijing);
  EXPECT_EQ(beijing->utc_seconds, 1'700'158'500);
  EXPECT_EQ(beijing->offset_minutes, 480);
  EXPECT_EQ(parse_date("1970-01-01T00:00:00Z")->utc_seconds, 0);
  EXPECT_EQ(parse_date("1969-12-31T23:30-00:30")->utc_seconds, 0);
  EXPECT_EQ(parse_date("2024-02-29T00:00Z")->offset_minutes, 0);
}

TEST(ParseDate, RefusesWhatIsNone) {
  for (const char* wrong :
       {"", "2023-11-16", "2023-11-16T18", "2023-11-16 18:60", "2023-11-16 24:00",
        "2023-11-16 18:15:61", "2023-02-29 00:00", "2023-13-01 00:00", "2023-1-01 00:00",
        "2023-11-16 18:15x", "2023-11-16 18:15+8:00", "2023-11-16  18:15", "16.11.2023 18:15"}) {
    EXPECT_FALSE(parse_date(wrong)) << wrong;
  }
}

TEST(ParseTimeOfDay, MinutesAfterMidnight) {
  EXPECT_EQ(parse_time_of_day("00:00"), 0);
  EXPECT_EQ(parse_time_of_day("23:59"), 1439);
  for (const char* wrong : {"", "24:00", "12:60", "1:00", "12:00:00", "12-00"}) {
    EXPECT_FALSE(parse_time_of_day(wrong)) << wrong;
  }
}

TEST(ParseDay, AndBack) {
  EXPECT_EQ(parse_day("1970-01-02"), 1);
  EXPECT_EQ(parse_day("2024-02-29"), 19'782);
  for (const char* wrong :
       {"2026-02-30", "2026-13-01", "26-01-01", "2026-1-1", "2026-01-01T00:00", "", "yesterday"}) {
    EXPECT_FALSE(parse_day(wrong)) << wrong;
  }
  for (const char* day : {"1970-01-01", "1969-12-31", "2026-10-01", "0001-01-01"}) {
    EXPECT_EQ(print_day(*parse_day(day)), day);
  }
}

}  // namespace
}  // namespace epfleet::text
