#include "epfleet/report/result_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "epfleet/base/error.h"
#include "sample_report.h"

namespace epfleet::report {
namespace {

using Json = nlohmann::json;

const Json* at(const Json& document, std::string path) {
  std::replace(path.begin(), path.end(), '.', '/');
  const Json::json_pointer pointer("/" + path);
  return document.contains(pointer) ? &document.at(pointer) : nullptr;
}

struct Table {
  std::vector<std::string> columns;
  std::vector<std::map<std::string, std::string>> rows;

  [[nodiscard]] double sum(const std::string& column) const {
    double total = 0.0;
    for (const auto& row : rows) {
      total += std::stod(row.at(column));
    }
    return total;
  }
};

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream stream(line + ",");
  for (std::string field; std::getline(stream, field, ',');) {
    fields.push_back(field);
  }
  return fields;
}

Table table_of(const std::string& csv) {
  Table table;
  std::istringstream stream(csv);
  std::string line;
  std::getline(stream, line);
  table.columns = fields_of(line);
  while (std::getline(stream, line)) {
    const auto fields = fields_of(line);
    EXPECT_EQ(fields.size(), table.columns.size());
    auto& row = table.rows.emplace_back();
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      row[table.columns[i]] = fields.at(i);
    }
  }
  return table;
}

// The keys that scripts and users rely on; a renamed one breaks them.
constexpr const char* kSummaryKeys[] = {"schema",
                                        "scenario.name",
                                        "scenario.seed",
                                        "scenario.fingerprint",
                                        "simulated_s",
                                        "partial",
                                        "requests.arrived",
                                        "requests.completed",
                                        "requests.rejected",
                                        "requests.failed",
                                        "requests.in_flight",
                                        "tokens.input",
                                        "tokens.cached",
                                        "tokens.computed",
                                        "tokens.computed_in_steps",
                                        "tokens.output",
                                        "tokens.reasoning",
                                        "tokens.carried_in_tokens",
                                        "workload.mean_input_tokens",
                                        "workload.mean_output_tokens",
                                        "workload.mean_kv_per_output_token",
                                        "workload.attention_pairs_per_computed_token",
                                        "cache.hit_ratio",
                                        "cache.bytes_read",
                                        "cache.bytes_written",
                                        "cache.bytes_stored_peak",
                                        "cache.lost.cold_ratio",
                                        "cache.lost.capacity_ratio",
                                        "cache.lost.ttl_ratio",
                                        "cache.lost.rounding_ratio",
                                        "cache.lost.not_yet_written_ratio",
                                        "latency.output_speed_tps.mean",
                                        "latency.output_speed_tps.p1",
                                        "latency.output_speed_tps.p5",
                                        "latency.output_speed_tps.p10",
                                        "latency.output_speed_tps.p50",
                                        "latency.output_speed_tps.p90",
                                        "slo.ttft_s",
                                        "slo.tpot_s",
                                        "slo.attainment_ratio",
                                        "slo.goodput_rps",
                                        "nodes.peak",
                                        "nodes.mean",
                                        "nodes.prefill_mean",
                                        "nodes.decode_mean",
                                        "nodes.released_to_training_gpu_hours",
                                        "throughput.prefill_input_tps_per_node",
                                        "throughput.prefill_computed_tps_per_node",
                                        "throughput.decode_output_tps_per_node",
                                        "utilisation.prefill_busy_ratio",
                                        "utilisation.prefill_efficiency_ratio",
                                        "utilisation.decode_batch_per_gpu_mean",
                                        "utilisation.decode_kv_ratio_mean",
                                        "utilisation.decode_kv_ratio_max",
                                        "utilisation.imbalance.prefill_attention",
                                        "utilisation.imbalance.prefill_tokens",
                                        "utilisation.imbalance.decode_kv",
                                        "utilisation.imbalance.decode_requests",
                                        "utilisation.imbalance.expert_prefill",
                                        "utilisation.imbalance.expert_decode",
                                        "pricing.steps",
                                        "pricing.out_of_range_ratio",
                                        "cost.gpu_hours",
                                        "cost.usd",
                                        "unit_cost.usd_per_m_input",
                                        "unit_cost.usd_per_m_computed_input",
                                        "unit_cost.usd_per_m_output",
                                        "revenue.theoretical_usd",
                                        "revenue.expected_usd",
                                        "revenue.per_model",
                                        "margin.theoretical_ratio",
                                        "margin.expected_ratio",
                                        "checks"};

TEST(SummaryJson, HasEveryKeyOfTheInterface) {
  const Json summary = Json::parse(summary_json(RunReport{}));
  std::vector<std::string> keys(std::begin(kSummaryKeys), std::end(kSummaryKeys));
  for (const char* latency :
       {"ttft_s", "tpot_s", "itl_s", "e2e_s", "queue_prefill_s", "queue_decode_s"}) {
    for (const char* statistic : {"mean", "p50", "p90", "p95", "p99", "max"}) {
      keys.push_back(std::string("latency.") + latency + "." + statistic);
    }
  }
  for (const char* phase : {"prefill", "decode"}) {
    for (const char* state : {"busy", "idle", "loading", "draining"}) {
      keys.push_back(std::string("node_hours.") + phase + "." + state);
    }
  }
  for (const std::string& key : keys) {
    EXPECT_NE(at(summary, key), nullptr) << key;
  }
}

// Each number appears where the interface says; 66 nodes x 2 h = 132 node-hours = 1056 / 8
// GPU-hours.
TEST(SummaryJson, ShowsTheReport) {
  const Json summary = Json::parse(summary_json(sample_report()));
  EXPECT_EQ(*at(summary, "scenario.fingerprint"), "0123456789abcdef");
  EXPECT_EQ(*at(summary, "scenario.seed"), 7);
  EXPECT_EQ(*at(summary, "partial"), false);
  EXPECT_EQ(*at(summary, "tokens.input"), 7'200'000);
  EXPECT_EQ(*at(summary, "latency.ttft_s.p99"), 9.0);
  EXPECT_EQ(*at(summary, "latency.output_speed_tps.mean"), 21.25);
  const double node_hours = at(summary, "node_hours.prefill.busy")->get<double>() +
                            at(summary, "node_hours.decode.busy")->get<double>();
  EXPECT_DOUBLE_EQ(node_hours, at(summary, "cost.gpu_hours")->get<double>() / 8.0);
}

TEST(SummaryJson, SaysNullForWhatWasNotMeasured) {
  RunReport report = sample_report();
  report.statistics.latency.ttft.mean = std::numeric_limits<double>::quiet_NaN();
  report.statement.total.gpu_hours = std::numeric_limits<double>::infinity();
  const std::string text = summary_json(report);
  const Json summary = Json::parse(text);  // throws on "nan" or "inf"
  EXPECT_TRUE(at(summary, "latency.ttft_s.mean")->is_null());
  EXPECT_TRUE(at(summary, "latency.tpot_s.mean")->is_null());
  EXPECT_TRUE(at(summary, "cost.gpu_hours")->is_null());
}

// What differs between two runs of one scenario stays out of summary.json.
TEST(SummaryJson, DoesNotDependOnTheMachine) {
  RunReport other = sample_report();
  other.info.wall_s = 12.5;
  other.info.host = "elsewhere";
  other.info.peak_rss_bytes = 1;
  EXPECT_EQ(summary_json(other), summary_json(sample_report()));
  const Json info = Json::parse(run_info_json(other));
  EXPECT_EQ(info["wall_s"], 12.5);
  EXPECT_EQ(info["requests_per_s"], 7200.0 / 12.5);
}

TEST(SummaryJson, MarksAPartialRun) {
  RunReport report = sample_report();
  report.partial = true;
  EXPECT_EQ(Json::parse(summary_json(report))["partial"], true);
}

TEST(BenchServing, HasTheNamesOfVllm) {
  const Json bench = Json::parse(bench_serving_json(sample_report()));
  std::vector<std::string> keys{"duration",
                                "completed",
                                "failed",
                                "total_input_tokens",
                                "total_output_tokens",
                                "request_throughput",
                                "request_goodput",
                                "output_throughput",
                                "total_token_throughput",
                                "max_output_tokens_per_s",
                                "max_concurrent_requests"};
  for (const char* statistic : {"mean", "median", "std", "p99"}) {
    for (const char* metric : {"ttft", "tpot", "itl", "e2el"}) {
      keys.push_back(std::string(statistic) + "_" + metric + "_ms");
    }
  }
  for (const std::string& key : keys) {
    EXPECT_TRUE(bench.contains(key)) << key;
  }
  EXPECT_EQ(bench["mean_ttft_ms"], 1500.0);
  // 1,803,600 output tokens / 7,200 s
  EXPECT_EQ(bench["output_throughput"], 250.5);
}

TEST(Timeseries, StartsWithTheAgreedColumns) {
  EXPECT_THAT(
      timeseries_csv(sample_report()),
      ::testing::StartsWith("time_s,nodes_allotted,nodes_serving,nodes_draining,nodes_loading,"));
  EXPECT_THAT(
      hourly_csv(sample_report()),
      ::testing::StartsWith("time_s,input_tokens,cached_tokens,output_tokens,nodes_mean,cost_usd,"
                            "theoretical_revenue_usd,expected_revenue_usd,theoretical_margin_ratio,"
                            "output_speed_tps"));
}

TEST(Timeseries, ColumnsAreUniqueAndCarryUnits) {
  RunReport report = sample_report();
  report.published.hours.resize(2);
  for (const std::string& csv : {timeseries_csv(report), hourly_csv(report)}) {
    const Table table = table_of(csv);
    EXPECT_EQ(std::set<std::string>(table.columns.begin(), table.columns.end()).size(),
              table.columns.size());
    for (const std::string& column : table.columns) {
      EXPECT_THAT(column, ::testing::MatchesRegex(
                              "(.*_(s|tokens|tps|usd|bytes|ratio|requests|steps))|(.*nodes_.*)"));
    }
  }
}

// Sum over the rows = the total of summary.json, for intervals and for hours.
TEST(Timeseries, SumsToTheSummary) {
  const RunReport report = sample_report();
  const Json summary = Json::parse(summary_json(report));
  for (const std::string& csv : {timeseries_csv(report), hourly_csv(report)}) {
    const Table table = table_of(csv);
    EXPECT_EQ(table.sum("input_tokens"), *at(summary, "tokens.input"));
    EXPECT_EQ(table.sum("cached_tokens"), *at(summary, "tokens.cached"));
    EXPECT_EQ(table.sum("computed_tokens"), *at(summary, "tokens.computed"));
    EXPECT_EQ(table.sum("output_tokens"), *at(summary, "tokens.output"));
    EXPECT_EQ(table.sum("arrived_requests"), *at(summary, "requests.arrived"));
    EXPECT_EQ(table.sum("cost_usd"), *at(summary, "cost.usd"));
    EXPECT_EQ(table.sum("theoretical_revenue_usd"), *at(summary, "revenue.theoretical_usd"));
  }
}

TEST(Timeseries, TimesAreExactAndAbsentValuesEmpty) {
  RunReport report = sample_report();
  report.statistics.intervals[1].begin = base::TimePoint(std::chrono::seconds(60));
  const Table table = table_of(timeseries_csv(report));
  EXPECT_EQ(table.rows[0].at("time_s"), "0");
  EXPECT_EQ(table.rows[1].at("time_s"), "60");  // 60e9 x 1e-9 would be 60.00000000000001
  EXPECT_EQ(table.rows[0].at("ttft_p99_s"), "");
  EXPECT_EQ(table.rows[0].at("output_tokens"), "450900");  // 250.5 x 1800
}

TEST(Hourly, ShowsThePublishedChartBesideTheHours) {
  RunReport report = sample_report();
  // Hour 0 earns 2 x 66 x 16 = 2112 USD. Published: 1,920 (+10 %) and, for hour 1, nothing.
  report.published.hours = {PublishedHour{66.0, 1056.0, 1920.0}};
  const Table table = table_of(hourly_csv(report));
  EXPECT_EQ(table.rows[0].at("published_theoretical_revenue_usd"), "1920");
  EXPECT_NEAR(std::stod(table.rows[0].at("theoretical_revenue_error_ratio")), 0.1, 1e-12);
  EXPECT_EQ(table.rows[1].at("published_theoretical_revenue_usd"), "");
  EXPECT_EQ(table.rows[1].at("theoretical_revenue_error_ratio"), "");
}

TEST(Hourly, RefusesHoursWithoutAccounts) {
  RunReport report = sample_report();
  report.statement.hours.pop_back();
  EXPECT_THROW((void)hourly_csv(report), base::InvariantBroken);
}

// Golden text: a report with next to nothing in it, byte for byte.
TEST(RunInfoJson, IsThisText) {
  RunReport report;
  report.info = {2.0, 0.5, 1.25, 1024, 500, "0.1.0", "host"};
  report.statistics.requests.arrived = 10;
  EXPECT_EQ(run_info_json(report),
            "{\n"
            "  \"wall_s\": 2.0,\n"
            "  \"before_window_s\": 0.5,\n"
            "  \"window_s\": 1.25,\n"
            "  \"peak_rss_bytes\": 1024,\n"
            "  \"events\": 500,\n"
            "  \"events_per_s\": 250.0,\n"
            "  \"requests_per_s\": 5.0,\n"
            "  \"version\": \"0.1.0\",\n"
            "  \"host\": \"host\"\n"
            "}\n");
}

TEST(SummaryJson, BeginsWithThisText) {
  EXPECT_THAT(summary_json(sample_report()), ::testing::StartsWith(R"({
  "schema": 1,
  "scenario": {
    "name": "sample",
    "seed": 7,
    "fingerprint": "0123456789abcdef",
    "trajectory_fingerprint": "fedcba9876543210"
  },
  "simulated_s": 7200.0,
  "partial": false,
  "warm_up_s": 0.0,
  "verdict": {
    "meets_slo": null,
    "stable": true,
    "binds": "none",
    "why": "",
    "headroom_ratio": null,
    "drift_ratio": null
  },
  "load": {
    "prefill_ratio": null,
    "decode_ratio": null
  },
  "requests": {
    "arrived": 7200,
    "completed": 7190,
    "rejected": 0,
    "failed": 0,
    "in_flight": 10,
    "retries": 0,
    "unanswered": 0,
    "finished_in_window": 7190,
    "preemptions": 0,
    "concurrent_peak": 0,
    "concurrent_mean": null,
    "rejected_by": {
      "prompt_beyond_hbm": 0,
      "context_beyond_hbm": 0,
      "context_beyond_limit": 0,
      "concurrency_limit": 0,
      "queue_limit": 0,
      "shed": 0
    },
    "failed_by": {
      "started_too_late": 0,
      "took_too_long": 0,
      "gave_up": 0,
      "unit_failed": 0
    }
  },
  "tokens": {
    "input": 7200000,
    "cached": 3600000,
    "computed": 3600000,
    "computed_in_steps": 3600000,
    "output": 1803600,
    "reasoning": 0,
    "carried_in_tokens": 0
  },
)"));
}

}  // namespace
}  // namespace epfleet::report
