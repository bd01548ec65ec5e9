// How the service did against its latency objectives.
#pragma once

#include <cstdint>
#include <optional>

#include "epfleet/base/time.h"
#include "epfleet/metrics/metric.h"

namespace epfleet::metrics {

// One limit.
struct SloVerdict {
  std::optional<base::Duration> limit;
  std::optional<double> quantile;
  Measure within_ratio;
  std::int64_t windows = 0, windows_met = 0;
};

inline constexpr Row<SloVerdict> kVerdictRows[] = {
    {"quantile", "share", Kind::Level, Better::Neither, of<&SloVerdict::quantile>,
     "Share of requests that must keep the limit in each window, as the scenario states it."},
    {"within_ratio", "share", Kind::Ratio, Better::More, of<&SloVerdict::within_ratio>,
     "Share of requests that kept the limit; rejected and failed ones did not."},
    {"windows", "windows", Kind::Flow, Better::Neither, of<&SloVerdict::windows>,
     "Windows with requests, where the limit has a quantile."},
    {"windows_met", "windows", Kind::Flow, Better::More, of<&SloVerdict::windows_met>,
     "Of these, windows in which that share of the requests kept the limit."},
};

struct SloResult {
  SloVerdict ttft, tpot;
  Measure attainment_ratio, goodput_rps;
  std::optional<bool> windows_met;
};

inline constexpr Row<SloResult> kSloRows[] = {
    {"ttft_s", "s", Kind::Level, Better::Neither, of<&SloResult::ttft, &SloVerdict::limit>,
     "Limit of the time to first token, as the scenario states it."},
    {"tpot_s", "s", Kind::Level, Better::Neither, of<&SloResult::tpot, &SloVerdict::limit>,
     "Limit of the time per output token, as the scenario states it."},
    {"attainment_ratio", "share", Kind::Ratio, Better::More, of<&SloResult::attainment_ratio>,
     "Requests completed within every limit / (completed + rejected + failed)."},
    {"goodput_rps", "requests/s", Kind::Ratio, Better::More, of<&SloResult::goodput_rps>,
     "Requests completed within every limit / length of the window."},
    {"windows_met", "yes or no", Kind::Level, Better::More, of<&SloResult::windows_met>,
     "Whether every window of every limit with a quantile was met."},
};

}  // namespace epfleet::metrics
