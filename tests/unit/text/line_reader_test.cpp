#include "epfleet/text/line_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "epfleet/base/error.h"
#include "support/temporary_file.h"

namespace epfleet::text {
namespace {

using Got = LineReader::Got;

TEST(LineReader, LinesOfEitherEnd) {
  const test::TemporaryFile file("one\r\n\ntwo\nthree");
  LineReader lines(file.path());
  for (const char* expected : {"one", "", "two", "three"}) {
    ASSERT_EQ(lines.next(), Got::Line);
    EXPECT_EQ(lines.line(), expected);
  }
  EXPECT_EQ(lines.number(), 4);
  EXPECT_EQ(lines.next(), Got::End);
  EXPECT_TRUE(lines.cut_last_line());
}

TEST(LineReader, AnEmptyFileEnds) {
  const test::TemporaryFile file("");
  LineReader lines(file.path());
  EXPECT_EQ(lines.next(), Got::End);
  EXPECT_FALSE(lines.cut_last_line());
}

TEST(LineReader, ALineBeyondTheCapIsSkippedAndTheNextOneRead) {
  const test::TemporaryFile file(std::string(1'000'000, 'x') + "\nshort\n");
  LineReader lines(file.path(), 1000);
  EXPECT_EQ(lines.next(), Got::TooLong);
  ASSERT_EQ(lines.next(), Got::Line);
  EXPECT_EQ(lines.line(), "short");
  EXPECT_EQ(lines.number(), 2);
}

TEST(LineReader, TellsWhatIsNotUtf8) {
  const test::TemporaryFile file("gr\xc3\xbc\xc3\x9f\nbad \xff\n");
  LineReader lines(file.path());
  ASSERT_EQ(lines.next(), Got::Line);
  EXPECT_TRUE(lines.line_is_utf8());
  ASSERT_EQ(lines.next(), Got::Line);
  EXPECT_FALSE(lines.line_is_utf8());
}

TEST(LineReader, WhatCannotBeReadIsTheUsersMistake) {
  EXPECT_THROW(LineReader("/no/such/file"), base::InputError);
  const test::TemporaryFile cut(std::string("\x1f\x8b\x08\0\0\0\0\0\0\3\x4b", 11));  // gzip, cut
  EXPECT_THROW(
      {
        LineReader lines(cut.path());
        while (lines.next() == Got::Line) {
        }
      },
      base::InputError);
}

}  // namespace
}  // namespace epfleet::text
