// Every column of the result files and every number of summary.json shows its own value: all
// values of the report are different, so that none can stand in the place of another.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "epfleet/report/catalogue.h"
#include "sample_report.h"

namespace epfleet::report {
namespace {

using Expected = std::vector<std::pair<std::string, std::string>>;  // column, value

constexpr std::int64_t kWindowNs = 1000 * kSecond;

// 1,000 s from the window's start.
metrics::Interval interval() {
  metrics::Interval i;
  i.begin = base::kWindowStart;
  i.end = i.begin + base::Duration(kWindowNs);
  i.at_begin = {.prefill_nodes_allotted = 2,
                .decode_nodes_allotted = 3,
                .nodes_serving = 4,
                .nodes_draining = 5,
                .nodes_loading = 6,
                .nodes_down = 7,
                .nodes_spare = 8,
                .prefill_queue_requests = 9,
                .prefill_queue_tokens = 10,
                .decode_waiting_requests = 11,
                .decode_active_requests = 12,
                .decode_kv_tokens = 13.5,
                .decode_kv_capacity_tokens = 14.5,
                .cache_stored_bytes = 15};
  i.in_service_at_begin = 16;
  i.tokens[1][0] = {1000, 400, base::TokenParts::from_tokens(300)};
  i.computed_tokens = 601;
  i.arrived = 17;
  i.retries = 18;
  i.completed = 19;
  i.rejected = 20;
  i.failed = 21;
  i.preempted = 22;
  i.cache_lost = {.cold = 23,
                  .capacity = 24,
                  .ttl = 25,
                  .rounding = 26,
                  .not_yet_written = 27,
                  .too_slow = 28,
                  .store_down = 29};
  i.cache_read_bytes = 30;
  i.cache_written_bytes = 31;
  i.kv_moved_bytes = 32;
  i.prefill_node_ns = {.busy = kWindowNs, .idle = 3 * kWindowNs};
  i.decode_node_ns = {.busy = 3 * kWindowNs, .idle = kWindowNs, .loading = kWindowNs};
  i.spare_node_ns = kWindowNs;
  i.ttft_mean_s = 1.5;
  i.ttft_p50_s = 1.25;
  i.ttft_p99_s = 9.5;
  i.output_speed_tps = 33.5;
  i.steps = {.prefill_efficiency_ratio = 0.125,
             .prefill_attention_imbalance = 1.125,
             .prefill_token_imbalance = 1.25,
             .prefill_expert_imbalance = 1.375,
             .decode_batch_per_gpu = 50.0,
             .decode_kv_ratio_mean = 0.625,
             .decode_kv_ratio_max = 0.875,
             .decode_kv_imbalance = 1.625,
             .decode_request_imbalance = 1.75,
             .decode_expert_imbalance = 1.875,
             .prefill_steps = 51,
             .decode_steps = 52,
             .out_of_range_steps = 53};
  return i;
}

cost::Account account() {
  cost::Account a;
  a.begin = interval().begin;
  a.end = interval().end;
  a.gpu_hours = 99.0;
  a.cost_usd = 100.0;
  a.prefill_usd = 101.0;
  a.decode_usd = 102.0;
  a.idle_usd = 60.5;
  a.revenue = {.theoretical_usd = 200.0, .expected_usd = 150.0};
  a.per_model = {{{103.0, 104.0}, {105.0, 106.0}}};
  a.theoretical_margin_ratio = 0.5625;
  a.expected_margin_ratio = 0.4375;
  return a;
}

RunReport one_interval() {
  RunReport r;
  r.statistics.end = interval().end;
  r.statistics.intervals = r.statistics.hours = {interval()};
  r.statement.intervals = r.statement.hours = {account()};
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

metrics::Distribution distribution(double first) {
  metrics::Distribution d;
  d.count = 1;
  d.mean = first;
  d.std_dev = first + 0.1;
  d.p50 = first + 0.2;
  d.p90 = first + 0.3;
  d.p95 = first + 0.4;
  d.p99 = first + 0.5;
  d.max = first + 1000.0;
  for (int percent = 1; percent <= 99; ++percent) {
    d.percentiles.push_back(first + percent);
  }
  return d;
}

metrics::Latency latencies() {
  metrics::Latency latency;
  double first = 10'000.0;
  for (const metrics::LatencyRow& row : metrics::kLatencyRows) {
    latency.*row.member = distribution(first);
    first += 10'000.0;
  }
  latency.tpot = distribution(0.0);
  latency.output_speed = {201.0, 202.0, 203.0, 204.0, 205.0, 206.0};
  return latency;
}

// Rows 1 to 100 are the percentiles 1 to 99 and the largest; the speed of row p is that of the
// percentile 100 - p of the time per token.
TEST(Columns, OfDistributionsShowTheirOwnPercentiles) {
  RunReport report;
  report.statistics.latency = latencies();
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
  report.statistics.latency = latencies();
  const std::string json = bench_serving_json(report);
  for (const std::string row :
       {"\"mean_ttft_ms\": 10000000.0", "\"median_ttft_ms\": 10000200.0",
        "\"std_ttft_ms\": 10000100.0", "\"p99_ttft_ms\": 10000500.0", "\"mean_tpot_ms\": 0.0",
        "\"mean_itl_ms\": 30000000.0", "\"mean_e2el_ms\": 40000000.0"}) {
    EXPECT_NE(json.find(row), std::string::npos) << row;
  }
}

// Numbers that can be told apart, in every place that summary.json has for one.
RunReport distinct() {
  RunReport r;
  metrics::RunStatistics& s = r.statistics;
  s.end = base::kWindowStart + std::chrono::seconds(1);
  r.warm_up = std::chrono::seconds(2);
  r.unit_nodes = {3, 4};
  r.load = {5.5, 6.5};
  r.verdict.headroom_ratio = 7.5;
  r.verdict.drift_ratio = 8.5;
  s.requests = {.arrived = 11,
                .completed = 12,
                .rejected = 13,
                .failed = 14,
                .in_flight = 15,
                .finished_in_window = 16,
                .retries = 17,
                .unanswered = 18,
                .preemptions = 19,
                .concurrent_peak = 20,
                .concurrent_mean = 21.5};
  for (std::size_t i = 0; i < s.requests.by_ending.size(); ++i) {
    s.requests.by_ending[i] = 300 + static_cast<std::int64_t>(i);
  }
  r.rows.emplace();
  r.rows->read = 31;
  r.rows->played = 32;
  r.rows->before_window = 33;
  r.rows->after_window = 34;
  r.rows->skipped_by = {{"a", 35}, {"b", 1}};
  s.tokens = {.input = 41,
              .cached = 42,
              .computed = 43,
              .computed_in_steps = 44,
              .output = 45,
              .reasoning = 46,
              .carried_in = 47};
  s.workload = {51.5, 52.5, 53.5, 54.5};
  s.cache = {.hit_ratio = 61.5,
             .bytes_read = 62,
             .bytes_written = 63,
             .bytes_stored_peak = 64,
             .lost_cold_ratio = 65.5,
             .lost_capacity_ratio = 66.5,
             .lost_ttl_ratio = 67.5,
             .lost_rounding_ratio = 68.5,
             .lost_not_yet_written_ratio = 69.5,
             .lost_too_slow_ratio = 70.5,
             .lost_store_down_ratio = 71.5};
  s.latency = latencies();
  constexpr std::int64_t kHour = 3'600 * kSecond;
  s.nodes = {.peak = 81,
             .mean = 82.5,
             .prefill_mean = 83.5,
             .decode_mean = 84.5,
             .prefill_ns = {85 * kHour, 86 * kHour, 87 * kHour, 88 * kHour, 89 * kHour},
             .decode_ns = {90 * kHour, 91 * kHour, 92 * kHour, 93 * kHour, 94 * kHour},
             .spare_ns = 95 * kHour,
             .released_ns = 12 * kHour,
             .gpus_per_node = 8};
  s.failures = {.events = 110,
                .unit_down = std::chrono::seconds(111),
                .masked_gpu_hours = 112.5,
                .requests_lost = 113,
                .requests_retried = 114,
                .recomputed_tokens = 115,
                .availability_ratio = 116.5};
  s.throughput = {121.5, 122.5, 123.5};
  s.utilisation = {131.5, 132.5, interval().steps};
  s.scaling = {141, 142, 143};
  s.kv_moved_bytes = 144;
  s.priced_steps = 145;
  s.out_of_range_ratio = 146.5;
  r.efficiency.output_tps_per_gpu = 151.5;
  r.efficiency.usd_per_hour = 152.5;
  r.efficiency.prefill_mfu_ratio = 153.5;
  r.efficiency.decode_mfu_ratio = 154.5;
  r.efficiency.decode_mbu_ratio = 155.5;
  r.statement.total = account();
  r.statement.unit_cost = {161.5, 162.5, 163.5};
  r.energy = {164.5, 165.5, 166.5};
  s.slo.ttft = {std::chrono::seconds(171), 172.5, 173.5, 174, 175};
  s.slo.tpot = {std::chrono::seconds(181), 182.5, 183.5, 184, 185};
  s.slo.attainment_ratio = 186.5;
  s.slo.goodput_rps = 187.5;
  return r;
}

const std::map<std::string, double> kSummary = {
    {"simulated_s", 1},
    {"warm_up_s", 2},
    {"nodes.per_prefill_unit", 3},
    {"nodes.per_decode_unit", 4},
    {"load.prefill_ratio", 5.5},
    {"load.decode_ratio", 6.5},
    {"verdict.headroom_ratio", 7.5},
    {"verdict.drift_ratio", 8.5},
    {"requests.arrived", 11},
    {"requests.completed", 12},
    {"requests.rejected", 13},
    {"requests.failed", 14},
    {"requests.in_flight", 15},
    {"requests.finished_in_window", 16},
    {"requests.retries", 17},
    {"requests.unanswered", 18},
    {"requests.preemptions", 19},
    {"requests.concurrent_peak", 20},
    {"requests.concurrent_mean", 21.5},
    {"requests.rejected_by.prompt_beyond_hbm", 301},
    {"requests.rejected_by.context_beyond_hbm", 302},
    {"requests.rejected_by.context_beyond_limit", 303},
    {"requests.rejected_by.concurrency_limit", 304},
    {"requests.rejected_by.queue_limit", 305},
    {"requests.rejected_by.shed", 306},
    {"requests.failed_by.started_too_late", 307},
    {"requests.failed_by.took_too_long", 308},
    {"requests.failed_by.gave_up", 309},
    {"requests.failed_by.unit_failed", 311},
    {"accounting.rows_read", 31},
    {"accounting.played", 32},
    {"accounting.before_window", 33},
    {"accounting.after_window", 34},
    {"accounting.skipped", 36},
    {"tokens.input", 41},
    {"tokens.cached", 42},
    {"tokens.computed", 43},
    {"tokens.computed_in_steps", 44},
    {"tokens.output", 45},
    {"tokens.reasoning", 46},
    {"tokens.carried_in_tokens", 47},
    {"workload.mean_input_tokens", 51.5},
    {"workload.mean_output_tokens", 52.5},
    {"workload.mean_kv_per_output_token", 53.5},
    {"workload.attention_pairs_per_computed_token", 54.5},
    {"cache.hit_ratio", 61.5},
    {"cache.bytes_read", 62},
    {"cache.bytes_written", 63},
    {"cache.bytes_stored_peak", 64},
    {"cache.lost.cold_ratio", 65.5},
    {"cache.lost.capacity_ratio", 66.5},
    {"cache.lost.ttl_ratio", 67.5},
    {"cache.lost.rounding_ratio", 68.5},
    {"cache.lost.not_yet_written_ratio", 69.5},
    {"cache.lost.too_slow_ratio", 70.5},
    {"cache.lost.store_down_ratio", 71.5},
    {"latency.ttft_s.mean", 10'000},
    {"latency.ttft_s.p50", 10'000.2},
    {"latency.ttft_s.p90", 10'000.3},
    {"latency.ttft_s.p95", 10'000.4},
    {"latency.ttft_s.p99", 10'000.5},
    {"latency.ttft_s.max", 11'000},
    {"latency.tpot_s.mean", 0},
    {"latency.itl_s.mean", 30'000},
    {"latency.e2e_s.mean", 40'000},
    {"latency.queue_prefill_s.mean", 50'000},
    {"latency.queue_decode_s.mean", 60'000},
    {"latency.kv_transfer_s.mean", 70'000},
    {"latency.output_speed_tps.mean", 201},
    {"latency.output_speed_tps.p1", 202},
    {"latency.output_speed_tps.p5", 203},
    {"latency.output_speed_tps.p10", 204},
    {"latency.output_speed_tps.p50", 205},
    {"latency.output_speed_tps.p90", 206},
    {"nodes.peak", 81},
    {"nodes.mean", 82.5},
    {"nodes.prefill_mean", 83.5},
    {"nodes.decode_mean", 84.5},
    {"nodes.released_to_training_gpu_hours", 96},
    {"node_hours.prefill.busy", 85},
    {"node_hours.prefill.idle", 86},
    {"node_hours.prefill.loading", 87},
    {"node_hours.prefill.draining", 88},
    {"node_hours.prefill.down", 89},
    {"node_hours.decode.busy", 90},
    {"node_hours.decode.idle", 91},
    {"node_hours.decode.loading", 92},
    {"node_hours.decode.draining", 93},
    {"node_hours.decode.down", 94},
    {"node_hours.spare", 95},
    {"failures.events", 110},
    {"failures.unit_down_s", 111},
    {"failures.masked_gpu_hours", 112.5},
    {"failures.requests_lost", 113},
    {"failures.requests_retried", 114},
    {"failures.recomputed_tokens", 115},
    {"failures.availability_ratio", 116.5},
    {"throughput.prefill_input_tps_per_node", 121.5},
    {"throughput.prefill_computed_tps_per_node", 122.5},
    {"throughput.decode_output_tps_per_node", 123.5},
    {"throughput.output_tps_per_gpu", 151.5},
    {"utilisation.prefill_busy_ratio", 131.5},
    {"utilisation.decode_busy_ratio", 132.5},
    {"utilisation.prefill_efficiency_ratio", 0.125},
    {"utilisation.decode_batch_per_gpu_mean", 50},
    {"utilisation.decode_kv_ratio_mean", 0.625},
    {"utilisation.decode_kv_ratio_max", 0.875},
    {"utilisation.prefill_mfu_ratio", 153.5},
    {"utilisation.decode_mfu_ratio", 154.5},
    {"utilisation.decode_mbu_ratio", 155.5},
    {"utilisation.imbalance.prefill_attention", 1.125},
    {"utilisation.imbalance.prefill_tokens", 1.25},
    {"utilisation.imbalance.expert_prefill", 1.375},
    {"utilisation.imbalance.decode_kv", 1.625},
    {"utilisation.imbalance.decode_requests", 1.75},
    {"utilisation.imbalance.expert_decode", 1.875},
    {"scaling.decisions", 141},
    {"scaling.units_started", 142},
    {"scaling.units_stopped", 143},
    {"network.kv_moved_bytes", 144},
    {"pricing.steps", 145},
    {"pricing.out_of_range_ratio", 146.5},
    {"cost.gpu_hours", 99},
    {"cost.usd", 100},
    {"cost.prefill_usd", 101},
    {"cost.decode_usd", 102},
    {"cost.idle_usd", 60.5},
    {"cost.usd_per_hour", 152.5},
    {"unit_cost.usd_per_m_input", 161.5},
    {"unit_cost.usd_per_m_computed_input", 162.5},
    {"unit_cost.usd_per_m_output", 163.5},
    {"revenue.theoretical_usd", 200},
    {"revenue.expected_usd", 150},
    {"revenue.per_model.v3.theoretical_usd", 103},
    {"revenue.per_model.v3.expected_usd", 104},
    {"revenue.per_model.r1.theoretical_usd", 105},
    {"revenue.per_model.r1.expected_usd", 106},
    {"margin.theoretical_ratio", 0.5625},
    {"margin.expected_ratio", 0.4375},
    {"energy.kwh", 164.5},
    {"energy.j_per_output_token", 165.5},
    {"energy.usd", 166.5},
    {"slo.ttft_s", 171},
    {"slo.ttft.quantile", 172.5},
    {"slo.ttft.within_ratio", 173.5},
    {"slo.ttft.windows", 174},
    {"slo.ttft.windows_met", 175},
    {"slo.tpot_s", 181},
    {"slo.tpot.quantile", 182.5},
    {"slo.tpot.within_ratio", 183.5},
    {"slo.tpot.windows", 184},
    {"slo.tpot.windows_met", 185},
    {"slo.attainment_ratio", 186.5},
    {"slo.goodput_rps", 187.5},
};

TEST(Columns, OfSummaryShowTheirOwnValues) {
  const RunReport report = distinct();
  for (const auto& [path, expected] : kSummary) {
    const metrics::Measure shown = measured(report, path);
    ASSERT_TRUE(shown) << path;
    EXPECT_DOUBLE_EQ(*shown, expected) << path;
  }
  // A new number needs a row here. The other parts of latencies are rows of one table, as TTFT's.
  for (const Metric& metric : metric_catalogue()) {
    const auto value = metric.value(report);
    const bool is_number =
        std::holds_alternative<std::int64_t>(value) || std::holds_alternative<double>(value);
    EXPECT_TRUE(!is_number || kSummary.contains(metric.path) || metric.path.starts_with("latency."))
        << metric.path;
  }
}

}  // namespace
}  // namespace epfleet::report
