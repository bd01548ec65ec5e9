// Whole runs, pinned: one changed event or one changed time of one request changes the fingerprint.
// What must hold for any run is in tests/law; this only tells that nothing changed unnoticed.
// tools/update_golden.sh rewrites expected.csv, with a commit that says why.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "epfleet/config/loader.h"
#include "epfleet/experiment/run_scenario.h"
#include "support/places.h"

namespace epfleet::test {
namespace {

const std::string kSource = source_dir();

// "scenario,seed,trajectory_fingerprint,arrived,completed,output_tokens"
std::vector<std::string> expected_rows() {
  std::ifstream file(kSource + "/tests/golden/expected.csv");
  std::vector<std::string> rows;
  for (std::string line; std::getline(file, line);) {
    rows.push_back(line);
  }
  return rows;
}

std::string row_of(const std::string& scenario_file, const std::string& seed) {
  const config::Scenario scenario =
      config::load_scenario(kSource + "/" + scenario_file, std::vector{"seed=" + seed});
  const report::RunReport report = experiment::run_scenario(scenario, {});
  return fmt::format("{},{},{:016x},{},{},{}", scenario_file, seed, report.trajectory_fingerprint,
                     report.statistics.requests.arrived, report.statistics.requests.completed,
                     report.statistics.tokens.output);
}

TEST(Golden, EveryRunIsAsItWas) {
  const std::vector<std::string> rows = expected_rows();
  ASSERT_GE(rows.size(), 4U);
  for (std::size_t i = 1; i < rows.size(); ++i) {
    std::istringstream row(rows[i]);
    std::string scenario;
    std::string seed;
    std::getline(row, scenario, ',');
    std::getline(row, seed, ',');
    EXPECT_EQ(row_of(scenario, seed), rows[i]) << "if this is meant: tools/update_golden.sh";
  }
}

}  // namespace
}  // namespace epfleet::test
