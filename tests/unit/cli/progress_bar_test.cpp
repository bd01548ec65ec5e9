#include "../src/cli/progress_bar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "epfleet/report/human_numbers.h"

namespace epfleet::cli {
namespace {

using std::chrono::seconds;

base::TimePoint at(std::int64_t s) { return base::TimePoint(seconds(s)); }

// Half of 3,600 s in 2 s of wall time: 900 times as fast, 2 s to go.
TEST(ProgressLine, TellsShareSpeedRequestsAndTimeLeft) {
  EXPECT_EQ(
      progress_line(at(0), at(3600), {at(1800), 1'850'000}, seconds(2), 100),
      "██████████░░░░░░░░░░   50 %  30 min simulated  900x  1.85 million requests  2.00 s left");
}

TEST(ProgressLine, CountsTheWarmUpAsPartOfTheRun) {
  const std::string line = progress_line(at(-1800), at(1800), {at(-900), 0}, seconds(1), 100);
  EXPECT_THAT(line, ::testing::HasSubstr(" 25 %"));
  EXPECT_THAT(line, ::testing::HasSubstr("-15 min simulated"));
}

// It stood at 100 % and "took" for as long as the last answers of the window were awaited.
TEST(ProgressLine, SaysInTheCoolDownWhatItWaitsFor) {
  EXPECT_THAT(progress_line(at(0), at(60), {at(90), 1}, seconds(1), 100),
              ::testing::HasSubstr("until the last requests have ended"));
  EXPECT_THAT(progress_line(at(0), at(60), {at(90), 1, true}, seconds(1), 100),
              ::testing::HasSubstr("took 1.00 s"));
}

TEST(ProgressLine, FitsItsWidthAndNeverDividesByZero) {
  for (std::size_t width = 20; width <= 100; ++width) {
    for (const int wall : {0, 1, 100'000}) {
      const std::string line =
          progress_line(at(0), at(86'400), {at(43'200), 155'000'000}, seconds(wall), width);
      EXPECT_LE(report::display_width(line), width);
      EXPECT_EQ(line.find("nan"), std::string::npos);
      EXPECT_EQ(line.find("inf"), std::string::npos);
    }
  }
  EXPECT_THAT(progress_line(at(0), at(0), {at(0), 0, true}, seconds(0), 100),
              ::testing::HasSubstr("100 %"));
}

// What a bar writes into a file (not a terminal) while the wall clock advances by 3 s an update.
std::string written(ProgressMode mode, int updates) {
  std::FILE* file = std::tmpfile();
  ProgressBar::WallClock::time_point wall{};
  {
    ProgressBar bar(at(0), at(100), mode, file, [&wall] { return wall; });
    for (int i = 1; i <= updates; ++i) {
      wall += seconds(3);
      bar.update({at(i), i});
    }
    bar.finish({at(100), 100});
    bar.finish({at(100), 100});
  }
  std::string text(static_cast<std::size_t>(std::ftell(file)), '\0');
  std::rewind(file);
  EXPECT_EQ(std::fread(text.data(), 1, text.size(), file), text.size());
  std::fclose(file);
  return text;
}

// Off a terminal: a line at 12 s and 24 s of 30 s (the first updates past 10 s each), and the last
// one.
TEST(ProgressBarTest, WritesALineEveryTenSecondsOffATerminal) {
  const std::string text = written(ProgressMode::On, 10);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  EXPECT_EQ(text.find('\r'), std::string::npos);
  EXPECT_THAT(text, ::testing::HasSubstr("100 %"));
  EXPECT_THAT(text, ::testing::HasSubstr("took 30"));
}

TEST(ProgressBarTest, AutoSaysNothingOfAShortRunOffATerminal) {
  EXPECT_EQ(written(ProgressMode::Auto, 3), "");
  EXPECT_EQ(written(ProgressMode::Auto, 10), written(ProgressMode::On, 10));
  EXPECT_THAT(written(ProgressMode::On, 3), ::testing::HasSubstr("took 9.00 s"));
}

TEST(ProgressBarTest, IsSilentWhenOff) { EXPECT_EQ(written(ProgressMode::Off, 10), ""); }

}  // namespace
}  // namespace epfleet::cli
