// The one reader of CSV files: what it takes, and where it says that something is wrong.
#include "epfleet/text/csv_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "epfleet/text/output_file.h"
#include "support/temporary_file.h"

namespace epfleet::text {
namespace {

using testing::HasSubstr;

// What is said of a file with the columns a and b, from the file's end of name on.
std::string refusal(const std::string& content, CsvForm form = {}) {
  const test::TemporaryFile file(content);
  try {
    CsvReader rows(file.path(), {"a", "b"}, {}, std::move(form));
    while (rows.next_row()) {
      (void)rows.whole_number(0);
      (void)rows.number(1);
    }
  } catch (const base::InputError& error) {
    const std::string text = error.what();
    return text.substr(text.find(file.path()) + file.path().size());
  }
  return "";
}

TEST(CsvReader, ColumnsInAnyOrderCommentsAndBlanks) {
  const test::TemporaryFile file("\xef\xbb\xbf# c\r\n b ,x, a\r\n\r\n 0.5 , ,7 \r\n#\n1,2,3");
  CsvReader rows(file.path(), {"a", "b"}, {"c"});
  ASSERT_TRUE(rows.next_row());
  EXPECT_EQ(rows.whole_number(0), 7);
  EXPECT_EQ(rows.number(1), 0.5);
  EXPECT_EQ(rows.text(2), "");
  EXPECT_FALSE(rows.number_if_any(2));
  EXPECT_EQ(rows.column(1), 2);
  EXPECT_EQ(rows.line_number(), 4);
  ASSERT_TRUE(rows.next_row());
  EXPECT_EQ(rows.whole_number(0), 3);
  EXPECT_FALSE(rows.next_row());
}

// Every line with a quote had all before it cut anew: this file took hours.
TEST(CsvReader, AFieldOfAMillionLinesWithQuotesIsReadInOnePass) {
  std::string field;
  for (int i = 0; i < 1'000'000; ++i) {
    field += "\"\"\n";
  }
  const test::TemporaryFile file("a,b\n\"" + field + "\",1\n2,3\n");
  CsvReader rows(file.path());
  ASSERT_TRUE(rows.next_row());
  EXPECT_EQ(rows.text(0).size(), 2'000'000U);
  EXPECT_EQ(rows.text(1), "1");
  ASSERT_TRUE(rows.next_row());
  EXPECT_EQ(rows.line_number(), 1'000'003);
}

TEST(CsvReader, ARowOfSeveralLinesEndsWhereItsLastQuoteIs) {
  const test::TemporaryFile file("a,b,c\n\"1\n\"\",\n\" , 5\" disk, \"x\ny\"\n2,3,4\n");
  CsvReader rows(file.path());
  ASSERT_TRUE(rows.next_row());
  EXPECT_EQ(rows.text(0), "1\n\",\n");
  EXPECT_EQ(rows.text(1), "5\" disk");
  EXPECT_EQ(rows.text(2), "x\ny");
  ASSERT_TRUE(rows.next_row());
  EXPECT_EQ(rows.text(2), "4");
}

TEST(CsvReader, QuotesHoldCommasQuotesAndLineEnds) {
  const test::TemporaryFile file("a,b\n\"1, 2\", \"say \"\"a\"\"\"\n\"two\nlines\",x\"y\n");
  CsvReader rows(file.path());
  EXPECT_THAT(rows.columns(), testing::ElementsAre("a", "b"));
  ASSERT_TRUE(rows.next_row());
  EXPECT_EQ(rows.text(0), "1, 2");
  EXPECT_EQ(rows.text(1), "say \"a\"");
  EXPECT_EQ(rows.column(1), 9);
  ASSERT_TRUE(rows.next_row());
  EXPECT_EQ(rows.text(0), "two\nlines");
  EXPECT_EQ(rows.text(1), "x\"y");
  EXPECT_EQ(rows.line_number(), 3);
}

TEST(CsvReader, WithoutAHeaderRowsMayDiffer) {
  const test::TemporaryFile file("1,2\n3\n");
  CsvReader rows(file.path(), {}, {}, {.header = false});
  ASSERT_TRUE(rows.next_row());
  EXPECT_EQ(rows.fields(), 2U);
  EXPECT_EQ(rows.number(1), 2.0);
  ASSERT_TRUE(rows.next_row());
  EXPECT_EQ(rows.fields(), 1U);
}

TEST(CsvReader, SaysLineAndColumn) {
  EXPECT_EQ(refusal(""), ": the file is empty; it needs a header with the column a");
  EXPECT_THAT(refusal("a,c\n"), HasSubstr(":1:1: the column b is missing"));
  EXPECT_THAT(refusal("a,b,a\n"), HasSubstr(":1:1: the column a is there twice"));
  EXPECT_THAT(refusal("a,b\n1\n"), HasSubstr(":2:2: 1 fields where the header has 2"));
  EXPECT_THAT(refusal("a,b\n1, x\n"), HasSubstr(":2:4: b: 'x' is not a number"));
  EXPECT_THAT(refusal("a,b\n1,inf\n"), HasSubstr(":2:3: b: 'inf' is not a number"));
  EXPECT_THAT(refusal("a,b\n-1,1\n"), HasSubstr(":2:1: a: '-1' is negative"));
  EXPECT_THAT(refusal("a,b\n99999999999999999999,1\n"), HasSubstr(":2:1: a: "));
  EXPECT_THAT(refusal("a,b\n1.5,1\n"), HasSubstr(":2:1: a: '1.5' is not a whole number"));
  EXPECT_THAT(refusal("a,b\n1,\"2\n"), HasSubstr(":2:3: the quote is not closed"));
  EXPECT_THAT(refusal("a,b\n1,2", {.ends_with_line = true}), HasSubstr(":2:4: the last line has"));
  EXPECT_THAT(refusal("a,b\n1,x\n", {.key = "report.published"}),
              HasSubstr(":2:3: report.published: b: 'x' is not"));
  EXPECT_EQ(refusal("a,b\n1,2"), "");
}

// It took minutes when the row was cut anew at every line.
TEST(CsvReader, EveryRowHasAsManyFieldsAsTheHeader) {
  EXPECT_THAT(refusal("a,b\n1,2\n1,2,3\n"), HasSubstr(":3:6: 3 fields where the header has 2"));
  EXPECT_THAT(refusal("a,b\n1\n"), HasSubstr(":2:2: 1 fields where the header has 2"));
}

TEST(CsvReader, AnUnclosedQuoteIsToldOfSoon) {
  std::string content = "a,b\n1,\"2\n";
  for (int line = 0; line < 500'000; ++line) {
    content += "3,4\n";
  }
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(refusal(content), HasSubstr(":2:3: the quote is not closed"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST(CsvReader, ReadsCompressedFiles) {
  for (const char* ending : {".gz", ".zst", ".xz"}) {
    const test::TemporaryFile place("", ending);
    OutputFile file(place.path(), compression_of(place.path()));
    file.add("a,b\n1,0.5\n2,x\n");
    file.finish();
    CsvReader rows(place.path(), {"a", "b"});
    ASSERT_TRUE(rows.next_row());
    EXPECT_EQ(rows.number(1), 0.5);
    ASSERT_TRUE(rows.next_row());
    EXPECT_THROW((void)rows.number(1), base::InputError);
  }
}

}  // namespace
}  // namespace epfleet::text
