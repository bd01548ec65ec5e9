#include "epfleet/experiment/case_store.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace epfleet::experiment
