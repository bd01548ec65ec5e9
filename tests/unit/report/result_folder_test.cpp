#include "epfleet/report/result_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/report/result_files.h"
#include "epfleet/text/files.h"
#include "sample_report.h"

namespace epfleet::report {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

TEST(ResultFolderTest, HoldsEveryFileAndNothingElseIsLeft) {
  const TemporaryFolder temporary;
  write_result_folder(temporary.path() / "deep" / "result", sample_report());
  EXPECT_THAT(names_in(temporary.path() / "deep"), ::testing::ElementsAre("result"));
  EXPECT_THAT(names_in(temporary.path() / "deep" / "result"),
              ::testing::ElementsAre("bench_serving.json", "decisions.csv", "distributions.csv",
                                     "hourly.csv", "resolved.yaml", "run_info.json", "summary.json",
                                     "timeseries.csv"));
  EXPECT_EQ(content_of(temporary.path() / "deep" / "result" / "resolved.yaml"), "name: sample\n");
}

TEST(ResultFolderTest, ReplacesAnOldResultWhole) {
  const TemporaryFolder temporary;
  const fs::path target = temporary.path() / "result";
  write_result_folder(target, sample_report());
  text::write_file(target / "report.html", "of the old run");
  RunReport second = sample_report();
  second.seed = 8;
  write_result_folder(target, second);
  EXPECT_EQ(content_of(target / "summary.json"), summary_json(second));
  EXPECT_FALSE(fs::exists(target / "report.html"));  // it would tell of the old run
  EXPECT_THAT(names_in(temporary.path()), ::testing::ElementsAre("result"));
}

TEST(ResultFolderTest, AcceptsAnEmptyFolderAndATrailingSlash) {
  const TemporaryFolder temporary;
  fs::create_directory(temporary.path() / "result");
  write_result_folder((temporary.path() / "result").string() + "/", sample_report());
  EXPECT_TRUE(is_result_folder(temporary.path() / "result"));
}

// The run was lost at its end, and the link with it.
TEST(ResultFolderTest, ALinkToNothingYetIsFollowed) {
  const TemporaryFolder temporary;
  fs::create_symlink("real", temporary.path() / "link");
  write_result_folder(temporary.path() / "link", sample_report());
  EXPECT_TRUE(fs::is_symlink(temporary.path() / "link"));
  EXPECT_TRUE(is_result_folder(temporary.path() / "real"));
  fs::create_symlink("round", temporary.path() / "round");
  EXPECT_THROW(ResultFolder(temporary.path() / "round"), base::InputError);
  EXPECT_THAT(names_in(temporary.path()), ::testing::ElementsAre("link", "real", "round"));
}

// A shell that was in the folder found itself in none.
TEST(ResultFolderTest, TheFolderThatAShellIsInIsFilled) {
  const TemporaryFolder temporary;
  const fs::path before = fs::current_path();
  const fs::path target = temporary.path() / "result";
  fs::create_directory(target);
  for (const std::uint64_t seed : {7U, 8U}) {
    fs::current_path(target);
    RunReport report = sample_report();
    report.seed = seed;
    write_result_folder(".", report);
    EXPECT_EQ(content_of(fs::current_path() / "summary.json"), summary_json(report));
    EXPECT_EQ(content_of("summary.json"), summary_json(report));
    text::write_file("report.html", "of the old run");
    text::write_file("notes", "mine");
  }
  write_result_folder(".", sample_report());
  EXPECT_EQ(content_of("notes"), "mine");
  EXPECT_FALSE(fs::exists("report.html"));
  EXPECT_EQ(names_in(".").size(), 9U);
  fs::current_path(before);
  EXPECT_THAT(names_in(temporary.path()), ::testing::ElementsAre("result"));
}

// A volume of a container: nothing can be made beside it, nor can it be replaced. A whole run was
// lost at its end.
TEST(ResultFolderTest, WhereNothingCanBeMadeBesideItTheFolderIsFilled) {
  const TemporaryFolder temporary;
  const fs::path target = temporary.path() / "result";
  fs::create_directory(target);
  const fs::path in_the_way = text::sibling(target, "partial");
  fs::create_directories(in_the_way / "mine");
  RunReport second = sample_report();
  second.seed = 8;
  write_result_folder(target, sample_report());
  write_result_folder(target, second);
  EXPECT_EQ(content_of(target / "summary.json"), summary_json(second));
  EXPECT_EQ(names_in(target).size(), 8U);
  EXPECT_TRUE(fs::exists(in_the_way / "mine"));
  {
    const ResultFolder given_up(target);
  }
  EXPECT_EQ(names_in(target).size(), 8U);
}

// The user's own folder is never touched, whatever it holds.
TEST(ResultFolderTest, RefusesAFolderThatIsNotAResult) {
  for (const char* summary : {"", "{}", "not json", R"({"schema": 1})", R"({"schema": "1"})",
                              R"({"schema": 99, "scenario": {"fingerprint": "00"}})",
                              R"({"schema": 1e300, "scenario": {"fingerprint": "00"}})",
                              R"({"schema": 1.5, "scenario": {"fingerprint": "00"}})"}) {
    const TemporaryFolder temporary;
    const fs::path target = temporary.path() / "thesis";
    fs::create_directory(target);
    text::write_file(target / "chapter.txt", "years of work");
    if (*summary != '\0') {
      text::write_file(target / "summary.json", summary);
    }
    EXPECT_THROW(ResultFolder{target}, base::InputError) << summary;
    EXPECT_EQ(content_of(target / "chapter.txt"), "years of work");
    EXPECT_THAT(names_in(temporary.path()), ::testing::ElementsAre("thesis"));
  }
}

TEST(ResultFolderTest, RefusesAFile) {
  const TemporaryFolder temporary;
  text::write_file(temporary.path() / "notes", "mine");
  EXPECT_THROW(ResultFolder{temporary.path() / "notes"}, base::InputError);
  EXPECT_EQ(content_of(temporary.path() / "notes"), "mine");
}

TEST(ResultFolderTest, RefusesAFolderThatFilledUpDuringTheRun) {
  const TemporaryFolder temporary;
  const fs::path target = temporary.path() / "result";
  ResultFolder folder(target);
  write_result(folder, sample_report());
  fs::create_directory(target);
  text::write_file(target / "chapter.txt", "years of work");
  try {
    folder.commit();
    FAIL() << "replaced";
  } catch (const base::InputError& error) {
    EXPECT_NE(std::string(error.what()).find("the finished result is kept in "), std::string::npos);
  }
  EXPECT_EQ(content_of(target / "chapter.txt"), "years of work");
  EXPECT_TRUE(is_result_folder(target.string() + ".kept-" + std::to_string(::getpid())));
}

// Two runs of different scenarios into one folder: the later one was lost when it was done.
TEST(ResultFolderTest, AResultOfAnotherScenarioThatAppearsMeanwhileLosesNeither) {
  const TemporaryFolder temporary;
  const fs::path target = temporary.path() / "result";
  ResultFolder folder(target, {.fingerprint = "another"});
  write_result(folder, sample_report());
  write_result_folder(temporary.path() / "first", sample_report());
  fs::rename(temporary.path() / "first", target);
  const std::string first = content_of(target / "summary.json");
  EXPECT_THROW(folder.commit(), base::InputError);
  EXPECT_EQ(content_of(target / "summary.json"), first);
  EXPECT_TRUE(is_result_folder(target.string() + ".kept-" + std::to_string(::getpid())));
}

// A writer that dies half-way: no result where there was none, the old one where there was one.
TEST(ResultFolderTest, AnInterruptedWriteNeverLooksWhole) {
  const TemporaryFolder temporary;
  const fs::path target = temporary.path() / "result";
  {
    ResultFolder folder(target);
    folder.write("timeseries.csv", "time_s\n");
    EXPECT_FALSE(fs::exists(target));
  }
  EXPECT_THAT(names_in(temporary.path()), ::testing::IsEmpty());

  write_result_folder(target, sample_report());
  const std::string before = content_of(target / "summary.json");
  {
    RunReport second = sample_report();
    second.seed = 8;
    ResultFolder folder(target);
    write_result(folder, second);
    EXPECT_EQ(content_of(target / "summary.json"), before);
  }
  EXPECT_EQ(content_of(target / "summary.json"), before);
  EXPECT_THAT(names_in(temporary.path()), ::testing::ElementsAre("result"));
}

// While it is being filled, the folder aside has no summary until everything else is there.
TEST(ResultFolderTest, WritesTheSummaryLast) {
  const TemporaryFolder temporary;
  ResultFolder folder(temporary.path() / "result");
  fs::create_directory(folder.path_of("run_info.json"));  // the last but one cannot be written
  EXPECT_THROW(write_result(folder, sample_report()), base::MachineError);
  EXPECT_FALSE(fs::exists(folder.path_of("summary.json")));
  EXPECT_TRUE(fs::exists(folder.path_of("timeseries.csv")));
}

TEST(WriteTextFile, TellsOfAFullDisk) {
  if (!fs::exists("/dev/full")) {
    GTEST_SKIP() << "no /dev/full here";
  }
  try {
    text::write_file("/dev/full", "text");
    FAIL() << "the disk was full";
  } catch (const base::MachineError& error) {
    EXPECT_STREQ(error.what(), "cannot write /dev/full: No space left on device");
  }
}

TEST(WriteTextFile, TellsOfAMissingFolder) {
  EXPECT_THROW(text::write_file("/nowhere-at-all/file", "text"), base::MachineError);
}

TEST(ResultFolderTest, TellsOfAParentThatCannotBeMade) {
  const TemporaryFolder temporary;
  text::write_file(temporary.path() / "file", "text");
  EXPECT_THROW(ResultFolder{temporary.path() / "file" / "result"}, base::MachineError);
}

}  // namespace
}  // namespace epfleet::report
