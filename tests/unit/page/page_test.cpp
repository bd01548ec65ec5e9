#include "epfleet/page/page.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "../src/page/page_data.h"
#include "epfleet/base/error.h"
#include "epfleet/text/files.h"

namespace epfleet::page {

namespace {

namespace fs = std::filesystem;

class PageTest : public testing::Test {
 protected:
  PageTest() { fs::create_directories(folder_); }
  ~PageTest() override { fs::remove_all(folder_); }

  // Of this process alone: tests run side by side.
  const fs::path folder_ =
      fs::temp_directory_path() / ("epfleet_page_test_" + std::to_string(::getpid()));
};

TEST_F(PageTest, FolderOfSomethingElseIsRefused) {
  EXPECT_THROW((void)page_of(folder_), base::InputError);
  EXPECT_THROW((void)page_of(folder_ / "nowhere"), base::InputError);
}

TEST_F(PageTest, NamesInFilesAreNeverMarkup) {
  text::write_file(folder_ / "plan.csv", "change,met,best,why_not\n</script><b>,1,1,</script>\n");
  const std::string page = page_of(folder_);
  EXPECT_EQ(page.find("</script><b>"), std::string::npos);
  EXPECT_EQ(page, page_of(folder_));  // the same bytes
}

TEST_F(PageTest, AsksForNothingFromTheNetwork) {
  text::write_file(folder_ / "plan.csv", "change,met,best,why_not\n");
  const std::string page = page_of(folder_);
  for (const char* word : {" src=\"http", "href=\"http", "url(http", "@import", "@EPFLEET_"}) {
    EXPECT_EQ(page.find(word), std::string::npos) << word;
  }
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
}

// Column by column, times exact, other numbers to six digits, what is no number null; and of every
// column its unit, then its sentence.
TEST_F(PageTest, HasTheColumnsOfTheTimeSeries) {
  text::write_file(folder_ / "plan.csv", "change,met,best,why_not\n");
  text::write_file(folder_ / "timeseries.csv",
                   "time_s,nodes_allotted,nodes_serving,hit_ratio\n"
                   "0,2,3,0.123456789\n"
                   "1234567.25,4,5,\n");
  const std::string data = page_data(folder_, {});  // the page has it packed
  for (const char* part : {R"("time_s":[0,1234567.25])", R"("nodes_allotted":[2,4])",
                           R"("nodes_serving":[3,5])", R"("hit_ratio":[0.123457,null])",
                           R"("nodes_serving":["nodes","Nodes that take requests."])",
                           R"("hit_ratio":["share","Cached / input tokens."])"}) {
    EXPECT_NE(data.find(part), std::string::npos) << part;
  }
}

TEST_F(PageTest, SweepBesideARunMustBeASweep) {
  text::write_file(folder_ / "plan.csv", "change,met,best,why_not\n");
  EXPECT_THROW((void)page_of(folder_, folder_), base::InputError);
}

}  // namespace
}  // namespace epfleet::page
