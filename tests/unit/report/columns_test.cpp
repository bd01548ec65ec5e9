// Every column of the result files shows its own value.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "distinct_report.h"

namespace epfleet::report {
namespace {

using Expected = std::vector<std::pair<std::string, std::string>>;  // column, value

RunReport one_interval() {
  RunReport r;
  r.statistics.end = distinct_interval().end;
  r.statistics.intervals = r.statistics.hours = {distinct_interval()};
  r.statement.intervals = r.statement.hours = {distinct_account()};
  return r;
}

// What the two files have in common.
Expected flows() {
  return {{"input_tokens", "1000"},
          {"cached_tokens", "400"},
          {"output_tokens", "300"},
          {"nodes_mean", "10"},
          {"cost_usd", "100"},
          {"theoretical_revenue_usd", "200"},
          {"expected_revenue_usd", "150"},
          {"theoretical_margin_ratio", "0.5625"},
          {"output_speed_tps", "33.5"},
          {"expected_margin_ratio", "0.4375"},
          {"idle_cost_usd", "60.5"},
          {"prefill_nodes_mean", "4"},
          {"decode_nodes_mean", "5"},
          {"computed_tokens", "600"},
          {"computed_in_steps_tokens", "601"},
          {"arrived_requests", "17"},
          {"retried_requests", "18"},
          {"completed_requests", "19"},
          {"rejected_requests", "20"},
          {"failed_requests", "21"},
          {"preempted_requests", "22"},
          {"ttft_mean_s", "1.5"},
          {"ttft_p50_s", "1.25"},
          {"ttft_p99_s", "9.5"},
          {"input_tps", "1"},
          {"output_tps", "0.3"},
          {"hit_ratio", "0.4"},
          {"lost_tokens", "182"},
          {"lost_cold_tokens", "23"},
          {"lost_capacity_tokens", "24"},
          {"lost_ttl_tokens", "25"},
          {"lost_rounding_tokens", "26"},
          {"lost_too_slow_tokens", "28"},
          {"lost_store_down_tokens", "29"},
          {"lost_not_yet_written_tokens", "27"},
          {"cache_read_bytes", "30"},
          {"cache_written_bytes", "31"},
          {"kv_moved_bytes", "32"},
          {"prefill_busy_ratio", "0.25"},
          {"decode_busy_ratio", "0.75"},
          {"prefill_efficiency_ratio", "0.125"},
          {"decode_batch_per_gpu_requests", "50"},
          {"decode_kv_mean_ratio", "0.625"},
          {"decode_kv_max_ratio", "0.875"},
          {"prefill_attention_imbalance_ratio", "1.125"},
          {"prefill_token_imbalance_ratio", "1.25"},
          {"prefill_expert_imbalance_ratio", "1.375"},
          {"decode_kv_imbalance_ratio", "1.625"},
          {"decode_request_imbalance_ratio", "1.75"},
          {"decode_expert_imbalance_ratio", "1.875"},
          {"prefill_steps", "51"},
          {"decode_steps", "52"},
          {"out_of_range_steps", "53"}};
}

std::string joined(const Expected& expected, bool names) {
  std::string line;
  for (const auto& [name, value] : expected) {
    line += (line.empty() ? "" : ",") + (names ? name : value);
  }
  return line + "\n";
}

void expect_rows(const std::string& csv, const Expected& expected) {
  EXPECT_EQ(csv, joined(expected, true) + joined(expected, false));
}

TEST(Columns, OfTimeseriesShowTheirOwnValues) {
  Expected expected = {{"time_s", "0"},
                       {"nodes_allotted", "13"},
                       {"nodes_serving", "4"},
                       {"nodes_draining", "5"},
                       {"nodes_loading", "6"},
                       {"nodes_down", "7"},
                       {"nodes_spare", "8"},
                       {"prefill_nodes_allotted", "2"},
                       {"decode_nodes_allotted", "3"},
                       {"in_service_requests", "16"},
                       {"prefill_queue_requests", "9"},
                       {"prefill_queue_tokens", "10"},
                       {"decode_waiting_requests", "11"},
                       {"decode_active_requests", "12"},
                       {"decode_kv_tokens", "13.5"},
                       {"decode_kv_capacity_tokens", "14.5"},
                       {"cache_stored_bytes", "15"}};
  const Expected shared = flows();
  expected.insert(expected.end(), shared.begin(), shared.end());
  expect_rows(timeseries_csv(one_interval()), expected);
}

TEST(Columns, OfHoursShowTheirOwnValues) {
  RunReport report = one_interval();
  report.published.hours = {PublishedHour{61.0, 62.0, 160.0}};
  report.statement.hours[0].end = base::kWindowStart + std::chrono::hours(1);
  Expected expected = {{"time_s", "0"}};
  const Expected shared = flows();
  expected.insert(expected.end(), shared.begin(), shared.end());
  const Expected published = {{"published_nodes_mean", "61"},
                              {"published_cost_usd", "62"},
                              {"published_theoretical_revenue_usd", "160"},
                              {"theoretical_revenue_error_ratio", "0.25"}};
  expected.insert(expected.end(), published.begin(), published.end());
  expect_rows(hourly_csv(report), expected);
}

TEST(Columns, OfDecisionsShowTheirOwnTexts) {
  RunReport report;
  report.statistics.decisions = {
      {base::kWindowStart + std::chrono::milliseconds(2'500), "slo", "saw", "decided", "why"}};
  EXPECT_EQ(decisions_csv(report), "time_s,by,saw,decided,why\n2.500,slo,saw,decided,why\n");
}

// Rows 1 to 100 are the percentiles 1 to 99 and the largest; the speed of row p is that of the
// percentile 100 - p of the time per token.
TEST(Columns, OfDistributionsShowTheirOwnPercentiles) {
  RunReport report;
  report.statistics.latency = distinct_latencies();
  const std::string csv = distributions_csv(report);
  EXPECT_TRUE(
      csv.starts_with("percentile,ttft_s,tpot_s,itl_s,e2e_s,queue_prefill_s,"
                      "queue_decode_s,kv_transfer_s,output_speed_tps\n"
                      "1,10001,1,30001,40001,50001,60001,70001,"));
  EXPECT_NE(csv.find("\n50,10050,50,30050,40050,50050,60050,70050,0.02\n"), std::string::npos);
  EXPECT_TRUE(csv.ends_with("\n100,11000,1000,31000,41000,51000,61000,71000,\n"));
}

TEST(Columns, OfBenchServingAreThoseOfTheirLatency) {
  RunReport report;
  report.statistics.latency = distinct_latencies();
  const std::string json = bench_serving_json(report);
  for (const std::string row :
       {"\"mean_ttft_ms\": 10000000.0", "\"median_ttft_ms\": 10000200.0",
        "\"std_ttft_ms\": 10000100.0", "\"p99_ttft_ms\": 10000500.0", "\"mean_tpot_ms\": 0.0",
        "\"mean_itl_ms\": 30000000.0", "\"mean_e2el_ms\": 40000000.0"}) {
    EXPECT_NE(json.find(row), std::string::npos) << row;
  }
}

}  // namespace
}  // namespace epfleet::report
