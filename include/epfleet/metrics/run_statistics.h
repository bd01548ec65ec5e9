// The numbers of a run, as plain data: all that the result files need. Names follow summary.json.
// Window rule: requests are those that arrived in [0, duration); tokens, cache, node time and steps
// are what happened in the window, whoever asked. Everything is a total or an average over the
// window.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "epfleet/base/time.h"
#include "epfleet/metrics/interval.h"

namespace epfleet::metrics {

// arrived = completed + rejected + failed + in_flight, always.
struct RequestCounts {
  std::int64_t arrived = 0, completed = 0, rejected = 0, failed = 0, in_flight = 0;
  std::int64_t preemptions = 0;      // in the window, whoever asked
  std::int64_t concurrent_peak = 0;  // most requests in service at any sample
};

struct TokenSums {
  std::int64_t input = 0;     // of prompts whose prefill finished
  std::int64_t cached = 0;    // of these, read from the store
  std::int64_t computed = 0;  // by prefill steps
  std::int64_t output = 0;    // emitted, rounded down to whole tokens
  std::int64_t reasoning =
      0;  // output x the reasoning share, by variant, of requests done in the window
  std::int64_t carried_in = 0;  // input + output for requests that arrived before the window
  TokensByPayer by_payer{};     // exact
  Measure output_peak_tps;      // in the busiest interval
};

// Of all requests that arrived in the window, whatever became of them (completed ones alone would
// be short ones in a short run). With I input and O output tokens:
struct WorkloadMeans {
  Measure mean_input_tokens;
  Measure mean_output_tokens;
  Measure mean_kv_per_output_token;  // (E[O I] + E[O^2] / 2) / E[O]
  // Of those whose first token came: q computed tokens after p cached ones, (E[q p] + E[q^2] / 2) /
  // E[q].
  Measure attention_pairs_per_computed_token;
};

struct CacheUse {
  Measure hit_ratio;  // cached / input
  std::int64_t bytes_read = 0, bytes_written = 0, bytes_stored_peak = 0;
  // Tokens that could have been hits, over input tokens, by why they were not.
  Measure lost_cold_ratio, lost_capacity_ratio, lost_ttl_ratio, lost_rounding_ratio;
  Measure lost_not_yet_written_ratio;
  Measure lost_too_slow_ratio;
};

// Seconds. Mean, deviation (of the population) and max are exact, quantiles within 0.2 %.
struct Distribution {
  std::int64_t count = 0;
  Measure mean, std_dev, p50, p90, p95, p99, max;
};

// Tokens per second, 1 / TPOT per request; the mean is weighted by output tokens, the rest is not.
struct OutputSpeed {
  Measure mean, p1, p5, p10, p50, p90;
};

struct Latency {
  Distribution ttft;           // first token - arrival; also of requests still in flight
  Distribution tpot;           // (last - first token) / (output tokens - 1); none for one token
  Distribution itl;            // gaps between chunks of decode steps that ended in the window
  Distribution e2e;            // last token - arrival
  Distribution queue_prefill;  // start of its first prefill step - arrival
  Distribution kv_transfer;    // KV on the decode GPU - first token
  Distribution queue_decode;   // start of its first decode step - KV on the decode GPU
  OutputSpeed output_speed;
};

// One limit. Within: requests (by arrival, rejected and failed ones count as beyond) that kept it.
struct SloVerdict {
  std::optional<base::Duration> limit;
  std::optional<double> quantile;
  Measure within_ratio;
  // With a quantile: windows in which that share of requests kept the limit, of windows with
  // requests.
  std::int64_t windows = 0, windows_met = 0;
};

struct SloResult {
  SloVerdict ttft, tpot;
  Measure attainment_ratio;  // completed within every limit / (completed + rejected + failed)
  Measure goodput_rps;       // completed within every limit / window
  // Every window of every limit with a quantile was met; absent when none was judged.
  std::optional<bool> windows_met;
};

struct NodeUse {
  std::int64_t peak = 0;  // most allotted at any sample
  Measure mean, prefill_mean, decode_mean;
  NodeTime prefill_ns, decode_ns;  // node-nanoseconds by state
  std::int64_t released_ns = 0;    // node-nanoseconds of the pool that were not allotted
  std::int64_t gpus_per_node = 0;
};

struct Throughput {  // tokens per second and allotted node
  Measure prefill_input_tps_per_node, prefill_computed_tps_per_node, decode_output_tps_per_node;
};

struct Utilisation {
  Measure prefill_busy_ratio;  // of the time that prefill nodes were serving
  Measure decode_busy_ratio;
  StepMeans steps;  // means over all steps of the window
};

struct RunStatistics {
  base::TimePoint begin, end;  // of the counted window; end < duration when the run was cut short
  RequestCounts requests;
  TokenSums tokens;
  WorkloadMeans workload;
  CacheUse cache;
  Latency latency;
  SloResult slo;
  NodeUse nodes;
  Throughput throughput;
  Utilisation utilisation;
  std::int64_t kv_moved_bytes = 0;
  std::int64_t priced_steps = 0;
  Measure out_of_range_ratio;  // of priced_steps
  std::vector<Interval> intervals;
  std::vector<Interval> hours;  // from the window's start; the last may be shorter

  [[nodiscard]] double window_seconds() const { return base::to_seconds(end - begin); }
};

}  // namespace epfleet::metrics
