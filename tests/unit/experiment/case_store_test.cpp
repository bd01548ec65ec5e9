#include "epfleet/experiment/case_store.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "epfleet/base/error.h"

namespace epfleet::experiment {
namespace {

SweepJob job() {
  SweepJob job;
  job.case_id = "0123456789abcdef";
  job.identity = "fedcba9876543210";
  return job;
}

CaseResult result() {
  CaseResult result;
  result.status = CaseStatus::Unstable;
  result.message = "the queue\ngrows";
  result.metrics = {{"latency.ttft_s.p95", "1.25"}, {"slo.goodput_rps", ""}};
  return result;
}

TEST(CaseFile, IsReadAsWritten) {
  const auto again = case_from(case_text(job(), "p", result()), job(), "p");
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->status, CaseStatus::Unstable);
  EXPECT_EQ(again->message, "the queue grows");
  EXPECT_EQ(again->metrics, result().metrics);
}

// Cut anywhere, or with any byte changed, it is not trusted.
TEST(CaseFile, IsWholeOrNothing) {
  const std::string text = case_text(job(), "p", result());
  for (std::size_t i = 0; i < text.size(); ++i) {
    EXPECT_FALSE(case_from(text.substr(0, i), job(), "p").has_value()) << i;
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(case_from(changed, job(), "p").has_value()) << i;
  }
  EXPECT_TRUE(case_from(text, job(), "p").has_value());
}

TEST(CaseFile, OfAnotherProgramOrScenarioIsNotTaken) {
  const std::string text = case_text(job(), "p", result());
  EXPECT_FALSE(case_from(text, job(), "q").has_value());
  SweepJob other = job();
  other.identity = "0";
  EXPECT_FALSE(case_from(text, other, "p").has_value());
}

namespace fs = std::filesystem;

class CaseFolder : public testing::Test {
 protected:
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_ = fs::path(testing::TempDir()) / fmt::format("epfleet_store_{}", ::getpid());
};

// "the folder holds something else than a sweep", said the second of two shards that began at once.
TEST_F(CaseFolder, IsTakenWhileAnotherShardBeginsIt) {
  fs::create_directories(folder_);
  std::ofstream(folder_ / ".epfleet_sweep.partial-host-1") << "res";
  EXPECT_NO_THROW(CaseStore(folder_, "p"));
  for (int round = 0; round < 50; ++round) {
    fs::remove_all(folder_);
    std::atomic<int> refused = 0;
    std::vector<std::thread> shards;
    for (int shard = 0; shard < 4; ++shard) {
      shards.emplace_back([&] {
        try {
          CaseStore(folder_, "p");
        } catch (const base::InputError&) {
          ++refused;
        }
      });
    }
    for (std::thread& shard : shards) {
      shard.join();
    }
    EXPECT_EQ(refused, 0) << round;
  }
}

TEST_F(CaseFolder, OfSomethingElseIsLeftAlone) {
  fs::create_directories(folder_);
  std::ofstream(folder_ / "mine.txt") << "mine";
  EXPECT_THROW(CaseStore(folder_, "p"), base::InputError);
  std::ofstream(folder_ / ".epfleet_sweep.partial-host-1") << "res";
  EXPECT_THROW(CaseStore(folder_, "p"), base::InputError);
}

}  // namespace
}  // namespace epfleet::experiment
