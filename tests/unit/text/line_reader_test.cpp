#include "epfleet/text/line_reader.h"

#include <gtest/gtest.h>
#include <unistd.h>

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

// "the file is empty" was said of line 2 of a file that has one.
TEST(LineReader, TheEndIsNoLineMore) {
  const test::TemporaryFile file("one\ntwo\n");
  LineReader lines(file.path());
  while (lines.next() == Got::Line) {
  }
  EXPECT_EQ(lines.number(), 2);
  EXPECT_EQ(lines.next(), Got::End);
  EXPECT_EQ(lines.number(), 2);
}

TEST(LineReader, AnEmptyFileEnds) {
  const test::TemporaryFile file("");
  LineReader lines(file.path());
  EXPECT_EQ(lines.next(), Got::End);
  EXPECT_EQ(lines.number(), 0);
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

// `trace stat /dev/zero` never ended: the line was read to its end before it was called too long.
TEST(LineReader, ALineThatNeverEndsIsToldAtTheCap) {
  const test::TemporaryFile file(std::string(3'000'000, '\0') + "\nshort\n");
  LineReader lines(file.path(), 1000);
  EXPECT_EQ(lines.next(), Got::TooLong);
  EXPECT_LT(lines.bytes(), 1'000'000);
  ASSERT_EQ(lines.next(), Got::Line);
  EXPECT_EQ(lines.line(), "short");
  EXPECT_EQ(lines.number(), 2);
  EXPECT_THROW(LineReader("/dev/zero"), base::InputError);
}

// `yes | epfleet trace stat -` said what was wrong, and then read the pipe to its end.
TEST(LineReader, APipeIsNotReadToItsEndWhenNobodyWantsIt) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const std::string text(4'096, '\n');
  ASSERT_EQ(::write(ends[1], text.data(), text.size()), 4'096);
  const std::string path = "/dev/fd/" + std::to_string(ends[0]);
  {
    const LineReader lines(path);
  }  // would wait for more, as long as the pipe can be written to
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(LineReader, FilesThatAreNoTextAreNamed) {
  using namespace std::string_literals;
  const auto said = [](const std::string& content) {
    const test::TemporaryFile file(content);
    try {
      (void)LineReader(file.path()).next();
    } catch (const base::InputError& error) {
      return error.problems().front().what;
    }
    return std::string("text");
  };
  EXPECT_EQ(said("PAR1\x15\x04"s), "is a Parquet file, not text");
  EXPECT_EQ(said("PK\x03\x04\x14"s), "is a zip archive (or a spreadsheet), not a single text file");
  EXPECT_EQ(said("\xff\xfe"
                 "a\0"s),
            "is UTF-16 or UTF-32 text");
  EXPECT_EQ(said("a\0r\0r\0i\0v\0"s), "is UTF-16 text");
  EXPECT_EQ(said("\0a\0r\0r\0i\0v"s), "is UTF-16 text");
  EXPECT_EQ(said("chunk-0.csv"s + std::string(246, '\0') + "ustar\0"s + std::string(249, '\0')),
            "is a tar archive, not a single text file");
  EXPECT_EQ(said("arrival_s,input_tokens\n"s), "text");
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
  try {
    (void)LineReader("/");
    ADD_FAILURE() << "a folder";
  } catch (const base::InputError& error) {
    EXPECT_EQ(error.problems().front().what, "cannot be read: it is a folder");
  }
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
