#include "epfleet/experiment/verdict.h"

#include <fmt/format.h>

#include <cmath>
#include <vector>

namespace epfleet::experiment {
namespace {

constexpr std::size_t kFewestIntervals = 8;
constexpr double kGrowth = 1.2;
constexpr double kGrowthInService = 0.02;
constexpr double kGrowthSigmas = 4.0;
constexpr double kSlowFirstTokenS = 10.0;

template <class Queue>
bool grows(const std::vector<metrics::Interval>& intervals, const Queue& queue) {
  const std::size_t quarter = intervals.size() / 4;
  double first = 0.0;
  double last = 0.0;
  for (std::size_t i = 0; i < quarter; ++i) {
    first += static_cast<double>(queue(intervals[i].at_begin)) / static_cast<double>(quarter);
    last += static_cast<double>(queue(intervals[intervals.size() - 1 - i].at_begin)) /
            static_cast<double>(quarter);
  }
  const auto in_service = static_cast<double>(intervals.back().at_begin.requests_in_service);
  const double growth = last - first;
  return last > kGrowth * first && growth > kGrowthInService * in_service &&
         growth > kGrowthSigmas * std::sqrt(first + 1.0);
}

Verdict misses(const metrics::SloVerdict& verdict, const char* name) {
  if (!verdict.limit) {
    return {};
  }
  if (verdict.quantile) {
    if (verdict.windows_met < verdict.windows) {
      return {false, fmt::format("{} kept in {} of {} windows", name, verdict.windows_met,
                                 verdict.windows)};
    }
  } else if (verdict.within_ratio.value_or(1.0) < 1.0) {
    return {false, fmt::format("{} kept by {:.3f} of the requests", name, *verdict.within_ratio)};
  }
  return {};
}

}  // namespace

Verdict keeps_up(const metrics::RunStatistics& statistics) {
  if (statistics.latency.ttft.p50.value_or(0.0) > kSlowFirstTokenS) {
    return {false, fmt::format("half of the requests wait more than {} s for their first token",
                               kSlowFirstTokenS)};
  }
  if (statistics.intervals.size() < kFewestIntervals) {
    return {};
  }
  if (grows(statistics.intervals, [](const auto& s) { return s.prefill_queue_requests; })) {
    return {false, "the queue before prefill grows"};
  }
  if (grows(statistics.intervals, [](const auto& s) { return s.decode_waiting_requests; })) {
    return {false, "the queue before decode grows"};
  }
  return {};
}

Verdict meets_slo(const metrics::RunStatistics& statistics) {
  if (statistics.requests.rejected + statistics.requests.failed > 0) {
    return {false, "requests were rejected or failed"};
  }
  if (const Verdict up = keeps_up(statistics); !up.good) {
    return up;
  }
  if (const Verdict ttft = misses(statistics.slo.ttft, "TTFT"); !ttft.good) {
    return ttft;
  }
  return misses(statistics.slo.tpot, "TPOT");
}

bool has_slo(const metrics::RunStatistics& statistics) {
  return statistics.slo.ttft.limit || statistics.slo.tpot.limit;
}

}  // namespace epfleet::experiment
