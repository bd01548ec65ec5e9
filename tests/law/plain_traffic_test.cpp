// Traffic in plain numbers, whole runs:
//     stated requests all arrive in the window and are served to their end
//     scale.input: the same requests at the same times, prompts so many times as long
//     classes: their requests and revenue sum to all, each is held to its own limits
//     cost = sum over the phases of price x GPUs x node time
//     closed loop: clients = rate x (time in service + think time)          (Little)
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "epfleet/config/loader.h"
#include "epfleet/experiment/run_scenario.h"
#include "epfleet/report/result_files.h"
#include "support/small_fleet.h"

namespace epfleet::test {
namespace {

const std::vector<std::string> kPlain = {"workload.rate=8/s", "workload.input={mean: 1500, cv: 1}",
                                         "workload.output={mean: 300, cv: 0.5}",
                                         "report.cool_down=10 min"};

config::Scenario plain_fleet(std::vector<std::string> more) {
  std::vector<std::string> keys = kPlain;
  keys.insert(keys.end(), more.begin(), more.end());
  return small_fleet(1, keys);
}

report::RunReport run_plain(const config::Scenario& scenario) {
  experiment::RunOptions options;
  options.threads = false;
  return experiment::run_scenario(scenario, options);
}

TEST(PlainTraffic, AStatedNumberOfRequestsIsThatNumberInAnyLoop) {
  for (const auto& more :
       {std::vector<std::string>{"workload.requests=1234"},
        {"workload.requests=1234", "workload.warm_up=1 min"},
        {"workload.requests=1234", "workload.arrivals={process: gamma, cv: 3}"}}) {
    const report::RunReport report = run_plain(plain_fleet(more));
    EXPECT_EQ(report.statistics.requests.arrived, 1234);
    EXPECT_EQ(report.statistics.requests.completed, 1234);
    EXPECT_FALSE(report.partial);
  }
  const report::RunReport ramp = run_plain(
      small_fleet(1, {"workload.stages=[{for: 10 s, to: 20/s}]", "workload.requests=1234",
                      "workload.input=1500", "workload.output=300", "report.cool_down=10 min"}));
  EXPECT_EQ(ramp.statistics.requests.completed, 1234);
  auto closed =
      small_fleet(1, {"workload.concurrency=40", "workload.requests=1000", "workload.input=1500",
                      "workload.output=300", "report.cool_down=10 min"});
  const report::RunReport report = run_plain(closed);
  EXPECT_EQ(report.statistics.requests.completed, 1000);
  EXPECT_LE(report.statistics.requests.concurrent_peak, 40);
  EXPECT_NE(report.resolved_yaml.find("duration: auto"), std::string::npos);
}

// It was refused: the first run, which finds when its last request comes, was cut short, too.
TEST(PlainTraffic, AClosedLoopOfStatedRequestsCanBeCutShort) {
  const auto closed = small_fleet(1, {"workload.concurrency=40", "workload.requests=1000",
                                      "workload.input=1500", "workload.output=300"});
  experiment::RunOptions options;
  options.threads = false;
  options.until = std::chrono::seconds(20);
  const report::RunReport report = experiment::run_scenario(closed, options);
  EXPECT_TRUE(report.partial);
  EXPECT_GT(report.statistics.requests.arrived, 40);
  EXPECT_LT(report.statistics.requests.arrived, 1000);
}

// They broke an invariant in decode, whose calendar was as long as the longest answer of a session.
TEST(PlainTraffic, AnswersLongerThanThoseOfSessionsEnd) {
  for (const auto& more : {std::vector<std::string>{"workload.output={mean: 40000, cv: 0}"},
                           {"workload.output={mean: 4000, cv: 0}", "workload.scale.output=10"}}) {
    auto keys = more;
    keys.insert(keys.end(), {"workload.requests=4", "report.cool_down=2 h"});
    const report::RunReport report = run_plain(plain_fleet(keys));
    EXPECT_EQ(report.statistics.requests.completed, 4);
    EXPECT_EQ(report.statistics.workload.mean_output_tokens, 40'000.0);
  }
}

TEST(PlainTraffic, AClosedLoopObeysLittle) {
  const report::RunReport report = run_plain(small_fleet(
      1, {"workload.concurrency=200", "workload.think=5 s", "workload.input=1500",
          "workload.output={mean: 300, cv: 1}", "report.cool_down=10 min", "duration=10 min"}));
  const double rate = static_cast<double>(report.statistics.requests.arrived) / 600.0;
  const double e2e = *report.statistics.latency.e2e.mean;
  EXPECT_NEAR(rate * (e2e + 5.0), 200.0, 4.0);
}

// Longer prompts are no other traffic: "prompts 3x longer" asks as many requests for as long
// answers, at the same moments, whatever the source.
TEST(PlainTraffic, ScaledPromptsAreTheSameRequestsWithLongerPrompts) {
  const std::vector<std::pair<const char*, config::Scenario>> sources = {
      {"plain", plain_fleet({"workload.hit_ratio=30 %"})},
      {"sessions", small_fleet(1, {"kv_cache.capacity=100 TB"})},
      {"token rates", replayed_fleet(1)}};
  for (const auto& [name, scenario] : sources) {
    config::Scenario longer = scenario;
    longer.workload.scale.input = 3.0;
    const report::RunReport base = run_plain(scenario);
    const report::RunReport scaled = run_plain(longer);
    const auto& few = base.statistics.workload;
    const auto& many = scaled.statistics.workload;
    const bool open = scenario.workload.source != workload::SourceKind::Sessions;
    if (open) {
      EXPECT_EQ(scaled.statistics.requests.arrived, base.statistics.requests.arrived) << name;
      EXPECT_NEAR(*many.mean_input_tokens / *few.mean_input_tokens, 3.0, 1e-9) << name;
      EXPECT_EQ(*many.mean_output_tokens, *few.mean_output_tokens) << name;
    } else {  // the next turn waits for the answer, which takes longer
      const auto n = static_cast<double>(base.statistics.requests.arrived);
      EXPECT_NEAR(static_cast<double>(scaled.statistics.requests.arrived) / n, 1.0, 0.01) << name;
      EXPECT_NEAR(*many.mean_input_tokens / *few.mean_input_tokens, 3.0, 0.06) << name;
      EXPECT_NEAR(*many.mean_output_tokens / *few.mean_output_tokens, 1.0, 0.02) << name;
      EXPECT_NEAR(*scaled.statistics.cache.hit_ratio, *base.statistics.cache.hit_ratio, 0.05);
    }
  }
}

TEST(PlainTraffic, ScaledAnswersAndRatesLeaveTheRestAlone) {
  const config::Scenario scenario = plain_fleet({});
  config::Scenario longer = scenario;
  longer.workload.scale.output = 2.0;
  const report::RunReport base = run_plain(scenario);
  const report::RunReport answers = run_plain(longer);
  EXPECT_EQ(answers.statistics.requests.arrived, base.statistics.requests.arrived);
  EXPECT_EQ(answers.statistics.workload.mean_input_tokens,
            base.statistics.workload.mean_input_tokens);
  EXPECT_NEAR(*answers.statistics.workload.mean_output_tokens /
                  *base.statistics.workload.mean_output_tokens,
              2.0, 1e-9);
  longer = scenario;
  longer.workload.scale.rate = 2.0;
  const report::RunReport more = run_plain(longer);
  EXPECT_NEAR(static_cast<double>(more.statistics.requests.arrived) /
                  static_cast<double>(base.statistics.requests.arrived),
              2.0, 0.08);
}

TEST(OwnClasses, SumToTheWholeAndAreHeldToTheirOwnLimits) {
  const report::RunReport report = run_plain(plain_fleet(
      {"workload.classes={fast: {share: 60 %, objectives: {ttft: 1 ms, quantile: 50 %}}, slow: "
       "{share: 40 %, output: 40, prices: {output: 9 USD/M}}}",
       "slo={ttft: {limit: 1 h}, tpot: {limit: 1 h}}"}));
  const auto& classes = report.statistics.classes;
  ASSERT_EQ(classes.size(), 2U);
  const auto& requests = report.statistics.requests;
  EXPECT_EQ(classes[0].arrived + classes[1].arrived, requests.arrived);
  EXPECT_EQ(classes[0].completed + classes[1].completed, requests.completed);
  EXPECT_EQ(classes[0].output_tokens + classes[1].output_tokens, requests.finished_output_tokens);
  EXPECT_NEAR(classes[0].revenue_usd + classes[1].revenue_usd,
              report.statement.total.revenue.expected_usd, 1e-9);
  // All of one class within an hour, nobody of the other within a millisecond.
  EXPECT_EQ(classes[0].attainment_ratio, 0.0);
  EXPECT_EQ(classes[1].attainment_ratio, 1.0);
  EXPECT_NEAR(*report.statistics.slo.attainment_ratio,
              static_cast<double>(classes[1].completed) / static_cast<double>(requests.completed),
              1e-12);
  EXPECT_EQ(report.verdict.meets_slo, false);
  EXPECT_NE(report.verdict.why.find("class fast"), std::string::npos) << report.verdict.why;
}

TEST(OwnClasses, PayTheirOwnPrices) {
  const auto revenue = [](const std::string& prices) {
    return run_plain(plain_fleet({"workload.classes={one: {share: 50 %" + prices +
                                  "}, two: {share: 50 %}}"}))
        .statistics.classes;
  };
  const auto base = revenue("");
  const auto dear = revenue(", prices: {hit: 0.14 USD/M, miss: 0.54 USD/M, output: 2.2 USD/M}");
  ASSERT_GT(base[0].revenue_usd, 0.0);
  EXPECT_NEAR(dear[0].revenue_usd / base[0].revenue_usd, 2.0, 1e-6);  // twice those of V3
  EXPECT_NEAR(dear[1].revenue_usd / base[1].revenue_usd, 1.0, 1e-6);
}

// A factor is on what a class has agreed on, too; a window's own prices are not.
TEST(OwnClasses, PayByTheCalendarWhatTheyHaveNotAgreedOn) {
  const auto revenue = [](const std::string& calendar) {
    const report::RunReport report = run_plain(plain_fleet(
        {"workload.classes={one: {share: 50 %, prices: {hit: 0.14 USD/M, miss: 0.54 USD/M, output: "
         "2.2 USD/M}}, two: {share: 50 %}}",
         "prices.calendar=" + calendar}));
    const auto& classes = report.statistics.classes;
    EXPECT_NEAR(classes[0].revenue_usd + classes[1].revenue_usd,
                report.statement.total.revenue.expected_usd, 1e-9);
    return std::pair(classes[0].revenue_usd, classes[1].revenue_usd);
  };
  const auto base = revenue("[]");
  const auto twice = revenue("[{factor: 2}]");
  EXPECT_NEAR(twice.first / base.first, 2.0, 1e-6);
  EXPECT_NEAR(twice.second / base.second, 2.0, 1e-6);
  const auto half =
      revenue("[{prices: {hit: 0.035 USD/M, miss: 0.135 USD/M, output: 0.55 USD/M}}]");  // of V3's
  EXPECT_NEAR(half.first / base.first, 1.0, 1e-6);
  EXPECT_NEAR(half.second / base.second, 0.5, 1e-6);
}

TEST(OwnClasses, ALowerPriorityIsTurnedAwayFirst) {
  const report::RunReport report = run_plain(
      plain_fleet({"workload.rate=200/s", "duration=2 min", "admission.max_concurrency=400",
                   "workload.classes={high: {share: 50 %, priority: 1}, low: {share: 50 %}}"}));
  const auto& classes = report.statistics.classes;
  EXPECT_GT(classes[1].rejected, 2 * classes[0].rejected);
}

TEST(PlainFleet, CostsWhatItsPhasesCost) {
  const report::RunReport report = run_plain(plain_fleet(
      {"prices={gpu_hour: 2 USD/h, prefill_gpu_hour: 1.5 USD/h}", "decode.hardware.gpus_per_node=4",
       "fleet={prefill_units: 2, decode_units: 1}"}));
  const auto& nodes = report.statistics.nodes;
  const double prefill_h = static_cast<double>(nodes.prefill_ns.allotted()) * 1e-9 / 3600.0;
  const double decode_h = static_cast<double>(nodes.decode_ns.allotted()) * 1e-9 / 3600.0;
  EXPECT_NEAR(report.statement.total.cost_usd, 1.5 * 8 * prefill_h + 2.0 * 4 * decode_h, 1e-6);
  EXPECT_NEAR(report.statement.total.gpu_hours, 8 * prefill_h + 4 * decode_h, 1e-6);
  EXPECT_EQ(report.unit_nodes.prefill, 4);
  EXPECT_EQ(report.unit_nodes.decode, 8);
}

TEST(PlainTraffic, AResolvedScenarioGivesTheSameBytes) {
  const config::Scenario scenario = plain_fleet({"workload.arrivals={process: gamma, cv: 2}"});
  report::RunReport first = run_plain(scenario);
  const std::string path = ::testing::TempDir() + "/plain_resolved.yaml";
  std::ofstream(path) << first.resolved_yaml;
  report::RunReport second = run_plain(config::load_scenario(path));
  EXPECT_EQ(report::summary_json(first), report::summary_json(second));
}

}  // namespace
}  // namespace epfleet::test
