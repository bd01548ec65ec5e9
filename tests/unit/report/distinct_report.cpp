#include "distinct_report.h"

namespace epfleet::report {
namespace {

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

}  // namespace

metrics::Interval distinct_interval() {
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

cost::Account distinct_account() {
  cost::Account a;
  a.begin = distinct_interval().begin;
  a.end = distinct_interval().end;
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

metrics::Latency distinct_latencies() {
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

RunReport distinct_report() {
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
  s.latency = distinct_latencies();
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
  s.utilisation = {131.5, 132.5, distinct_interval().steps};
  s.scaling = {141, 142, 143};
  s.kv_moved_bytes = 144;
  s.priced_steps = 145;
  s.out_of_range_ratio = 146.5;
  r.efficiency.output_tps_per_gpu = 151.5;
  r.efficiency.usd_per_hour = 152.5;
  r.efficiency.prefill_mfu_ratio = 153.5;
  r.efficiency.decode_mfu_ratio = 154.5;
  r.efficiency.decode_mbu_ratio = 155.5;
  r.statement.total = distinct_account();
  r.statement.unit_cost = {161.5, 162.5, 163.5};
  r.energy = {164.5, 165.5, 166.5};
  s.slo.ttft = {std::chrono::seconds(171), 172.5, 173.5, 174, 175};
  s.slo.tpot = {std::chrono::seconds(181), 182.5, 183.5, 184, 185};
  s.slo.attainment_ratio = 186.5;
  s.slo.goodput_rps = 187.5;
  return r;
}

}  // namespace epfleet::report
