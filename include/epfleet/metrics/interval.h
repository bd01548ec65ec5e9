// What happened in one stretch of the counted window: a row of timeseries.csv, or an hour of
// hourly.csv. Flows (tokens, node time, bytes, counts) are exact integers that add up: over the
// intervals, and over the hours, they sum to the totals of RunStatistics. A fact at an instant t
// belongs to the stretch [begin, end) that contains t, because samples are the first thing that
// happens at an instant.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "epfleet/base/time.h"
#include "epfleet/metrics/metric.h"
#include "epfleet/observe/facts.h"

namespace epfleet::metrics {

// [variant][channel]
using TokensByPayer = decltype(observe::FleetSample::tokens);
using NodeTime = observe::FleetSample::NodeTime;
using LostTokens = observe::FleetSample::LostTokens;

// A struct of nothing but 64-bit counts, nested or not.
template <class T>
concept Counts =
    std::has_unique_object_representations_v<T> && sizeof(T) % sizeof(std::int64_t) == 0;
template <Counts T>
using Members = std::array<std::int64_t, sizeof(T) / sizeof(std::int64_t)>;

// Member by member: into + sign * other.
template <Counts T>
void add(T& into, const T& other, std::int64_t sign = 1) {
  auto sums = std::bit_cast<Members<T>>(into);
  const auto terms = std::bit_cast<Members<T>>(other);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    sums[i] += sign * terms[i];
  }
  into = std::bit_cast<T>(sums);
}

// Over all variants and channels.
[[nodiscard]] inline observe::TokenTotals sum(const TokensByPayer& tokens) {
  observe::TokenTotals total;
  for (const auto& by_channel : tokens) {
    for (const observe::TokenTotals& part : by_channel) {
      add(total, part);
    }
  }
  return total;
}

[[nodiscard]] inline Measure hit_ratio(const observe::TokenTotals& tokens) {
  return ratio(static_cast<double>(tokens.cached), static_cast<double>(tokens.input));
}

// Of the time that nodes were serving, the share in a step.
[[nodiscard]] inline Measure busy_ratio(const NodeTime& time) {
  return ratio(static_cast<double>(time.busy), static_cast<double>(time.busy + time.idle));
}

// Means over the steps that ended in the stretch, weighted by duration. Imbalances are max / mean.
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

// Its totals are what happened in the stretch.
struct Interval : observe::FleetTotals {
  base::TimePoint begin, end;
  observe::FleetState at_begin;
  std::int64_t in_service_at_begin = 0;  // requests
  StepMeans steps;
  // Of requests whose first token came in the stretch, whenever they arrived.
  Measure ttft_mean_s, ttft_p50_s, ttft_p99_s;
  // Of requests that completed in the stretch; weighted by output tokens.
  Measure output_speed_tps;

  [[nodiscard]] base::Duration length() const { return end - begin; }
  // Time averages; absent for a stretch of no length.
  [[nodiscard]] Measure mean_prefill_nodes() const { return mean_of(prefill_node_ns.allotted()); }
  [[nodiscard]] Measure mean_decode_nodes() const { return mean_of(decode_node_ns.allotted()); }
  [[nodiscard]] Measure mean_nodes() const {
    return mean_of(prefill_node_ns.allotted() + decode_node_ns.allotted() + spare_node_ns);
  }

 private:
  [[nodiscard]] Measure mean_of(std::int64_t node_ns) const {
    return ratio(static_cast<double>(node_ns), static_cast<double>(length().count()));
  }
};

}  // namespace epfleet::metrics
