#include "../src/cli/run_command.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "epfleet/base/error.h"
#include "epfleet/experiment/run_scenario.h"
#include "epfleet/report/result_folder.h"
#include "support/small_fleet.h"

namespace epfleet::cli {
namespace {

namespace fs = std::filesystem;

// What the machine cannot hold is the machine's failure (exit 74 in main), and what there is of the
// result is kept, beside a whole one.
TEST(RunCommand, ARunOfTooManyRequestsKeepsWhatItHasAndFails) {
  const fs::path folder = fs::path(testing::TempDir()) / "epfleet_overrun";
  fs::remove_all(folder);
  config::Scenario scenario = test::replayed_fleet(1, {"workload.rate_scale=0.5"});
  RunRequest request;
  request.scenario = "small_fleet.yaml";
  request.out = (folder / "result").string();
  request.quiet = true;
  EXPECT_EQ(run_loaded(scenario, request), 0);
  EXPECT_FALSE(report::stored_result(folder / "result")->partial);

  scenario.most_in_service = 20;
  try {
    (void)run_loaded(scenario, request);
    ADD_FAILURE() << "it ends in an error";
  } catch (const base::MachineError& error) {
    EXPECT_STREQ(error.what(), experiment::kOverrun);
  }
  EXPECT_FALSE(report::stored_result(folder / "result")->partial);
  ASSERT_TRUE(report::stored_result(folder / "result.partial"));
  EXPECT_TRUE(report::stored_result(folder / "result.partial")->partial);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace epfleet::cli
