// How long requests took, as distributions over those that arrived in the window and completed,
// in it or after it.
#pragma once

#include <cstdint>
#include <vector>

#include "epfleet/metrics/metric.h"

namespace epfleet::metrics {

// Seconds. Mean, deviation (of the population) and max are exact, quantiles within 0.2 %.
struct Distribution {
  std::int64_t count = 0;
  Measure mean, std_dev, p50, p90, p95, p99, max;
  std::vector<double> percentiles;  // 1 to 99, of a whole run; empty where nothing was measured
};

inline constexpr Row<Distribution> kDistributionRows[] = {
    {"mean", "s", Kind::Distribution, Better::Less, of<&Distribution::mean>, "mean"},
    {"p50", "s", Kind::Distribution, Better::Less, of<&Distribution::p50>, "median"},
    {"p90", "s", Kind::Distribution, Better::Less, of<&Distribution::p90>, "90th percentile"},
    {"p95", "s", Kind::Distribution, Better::Less, of<&Distribution::p95>, "95th percentile"},
    {"p99", "s", Kind::Distribution, Better::Less, of<&Distribution::p99>, "99th percentile"},
    {"max", "s", Kind::Distribution, Better::Less, of<&Distribution::max>, "largest"},
};

struct OutputSpeed {
  Measure mean, p1, p5, p10, p50, p90;
};

inline constexpr std::string_view kOutputSpeedSentence =
    "Speed of an answer, 1 / TPOT of its request; the slow tail is the low end.";
inline constexpr Row<OutputSpeed> kOutputSpeedRows[] = {
    {"mean", "tokens/s", Kind::Distribution, Better::More, of<&OutputSpeed::mean>,
     "mean, weighted by output tokens"},
    {"p1", "tokens/s", Kind::Distribution, Better::More, of<&OutputSpeed::p1>, "1st percentile"},
    {"p5", "tokens/s", Kind::Distribution, Better::More, of<&OutputSpeed::p5>, "5th percentile"},
    {"p10", "tokens/s", Kind::Distribution, Better::More, of<&OutputSpeed::p10>, "10th percentile"},
    {"p50", "tokens/s", Kind::Distribution, Better::More, of<&OutputSpeed::p50>, "median"},
    {"p90", "tokens/s", Kind::Distribution, Better::More, of<&OutputSpeed::p90>, "90th percentile"},
};

struct Latency {
  Distribution ttft, tpot, itl, e2e, queue_prefill, kv_transfer, queue_decode;
  OutputSpeed output_speed;
};

// A row stands for all of kDistributionRows.
struct LatencyRow {
  std::string_view name;
  Distribution Latency::* member;
  std::string_view sentence;
};
inline constexpr LatencyRow kLatencyRows[] = {
    {"ttft_s", &Latency::ttft,
     "Time to first token: first token - arrival; also of requests still in flight."},
    {"tpot_s", &Latency::tpot,
     "Time per output token: (last - first token) / (output tokens - 1); none for one token."},
    {"itl_s", &Latency::itl,
     "Gap between the chunks of an answer, of decode steps that ended in the window."},
    {"e2e_s", &Latency::e2e, "End to end: last token - arrival."},
    {"queue_prefill_s", &Latency::queue_prefill,
     "Wait for prefill: start of the request's first prefill step - arrival."},
    {"queue_decode_s", &Latency::queue_decode,
     "Wait for decode: start of the request's first decode step - KV on the decode GPU."},
    {"kv_transfer_s", &Latency::kv_transfer,
     "Hand-over from prefill to decode: KV on the decode GPU - first token."},
};

}  // namespace epfleet::metrics
