// What happened in one stretch of the counted window: a row of timeseries.csv, or an hour of
// hourly.csv. Flows (tokens, node time, bytes, counts) are exact integers that add up: over the
// intervals, and over the hours, they sum to the totals of RunStatistics. A fact at an instant t
// belongs to the stretch [begin, end) that contains t, because samples are the first thing that
// happens at an instant.
#pragma once

#include <cstdint>
#include <optional>

#include "epfleet/base/time.h"
#include "epfleet/observe/facts.h"

namespace epfleet::metrics {

// A statistic that may have had nothing to measure (no request, no step, no node): then absent.
using Measure = std::optional<double>;

// numerator / denominator; absent when the denominator is 0.
[[nodiscard]] inline Measure ratio(double numerator, double denominator) {
  return denominator == 0.0 ? Measure() : Measure(numerator / denominator);
}

// [variant][channel]; outputs in 1/256 token, as announced.
using TokensByPayer = decltype(observe::FleetSample::tokens);
using NodeTime = observe::FleetSample::NodeTime;
using LostTokens = observe::FleetSample::LostTokens;

// Over all variants and channels.
[[nodiscard]] observe::TokenTotals sum(const TokensByPayer& tokens);
void add(TokensByPayer& into, const TokensByPayer& tokens);
void add(NodeTime& into, const NodeTime& time);

// Tokens emitted, as a number: exact, since 2^53 / 256 tokens are many years of service.
[[nodiscard]] constexpr double output_tokens(const observe::TokenTotals& tokens) {
  return static_cast<double>(tokens.output_fp) / static_cast<double>(observe::kTokenOne);
}

// How the fleet looked at one moment.
struct FleetState {
  std::int64_t prefill_nodes_allotted = 0, decode_nodes_allotted = 0;
  std::int64_t nodes_serving = 0, nodes_draining = 0, nodes_loading = 0;
  std::int64_t requests_in_service = 0;  // arrived, and not yet completed, rejected or failed
  std::int64_t prefill_queue_requests = 0, prefill_queue_tokens = 0;
  std::int64_t decode_waiting_requests = 0;  // KV on its way or no room yet
  std::int64_t decode_active_requests = 0;
  double decode_kv_tokens = 0.0, decode_kv_capacity_tokens = 0.0;
  std::int64_t cache_stored_bytes = 0;

  [[nodiscard]] std::int64_t nodes_allotted() const {
    return prefill_nodes_allotted + decode_nodes_allotted;
  }
};

// Means over the steps that ended in the stretch, weighted by their duration. Imbalances: max /
// mean.
struct StepMeans {
  Measure prefill_efficiency_ratio;  // mean work over the slowest GPU's work
  Measure prefill_attention_imbalance, prefill_token_imbalance, prefill_expert_imbalance;
  Measure decode_batch_per_gpu;  // requests per GPU
  Measure decode_kv_ratio_mean;  // KV held / capacity
  Measure decode_kv_ratio_max;   // largest of any step's fullest GPU (not a mean)
  Measure decode_kv_imbalance, decode_request_imbalance, decode_expert_imbalance;
  std::int64_t prefill_steps = 0, decode_steps = 0;
  std::int64_t out_of_range_steps = 0;  // priced outside calibrated ranges
};

struct Interval {
  base::TimePoint begin, end;
  FleetState at_begin;

  // flows in the stretch
  TokensByPayer tokens{};
  std::int64_t computed_tokens = 0;  // prefill tokens computed
  std::int64_t arrived = 0, completed = 0, rejected = 0, failed = 0, preempted = 0;
  NodeTime prefill_node_ns, decode_node_ns;
  std::int64_t cache_read_bytes = 0, cache_written_bytes = 0;
  LostTokens cache_lost;
  std::int64_t kv_moved_bytes = 0;

  StepMeans steps;
  // Of requests whose first token came in the stretch, whenever they arrived.
  Measure ttft_mean_s, ttft_p50_s, ttft_p99_s;
  // Of requests that completed in the stretch; weighted by output tokens.
  Measure output_speed_tps;

  [[nodiscard]] base::Duration length() const { return end - begin; }
  // Time averages; absent for a stretch of no length.
  [[nodiscard]] Measure mean_prefill_nodes() const;
  [[nodiscard]] Measure mean_decode_nodes() const;
  [[nodiscard]] Measure mean_nodes() const;
};

}  // namespace epfleet::metrics
