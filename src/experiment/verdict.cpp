#include "epfleet/experiment/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <vector>

#include "epfleet/base/error.h"

namespace epfleet::experiment {
namespace {

// Requests waiting at the begin of every interval, and all that are in service at the last.
struct QueueHistory {
  std::vector<double> prefill, decode;
  double in_service = 0.0;
};

constexpr std::size_t kFewestIntervals = 8;
constexpr double kGrowth = 1.2;
constexpr double kGrowthInService = 0.02;
constexpr double kGrowthSigmas = 4.0;
constexpr double kSlowFirstTokenS = 10.0;

// Mean of the queue over `quarter` intervals from `first` on.
double mean(std::span<const double> queue, std::size_t first, std::size_t quarter) {
  const auto part = queue.subspan(first, quarter);
  return std::accumulate(part.begin(), part.end(), 0.0) / static_cast<double>(quarter);
}

Verdict judge(double ttft_p50_s, const QueueHistory& history) {
  if (ttft_p50_s > kSlowFirstTokenS) {
    return {false, fmt::format("half of the requests wait more than {} s for their first token",
                               kSlowFirstTokenS)};
  }
  if (history.prefill.size() < kFewestIntervals) {
    return {};
  }
  if (grows(history.prefill, history.in_service)) {
    return {false, "the queue before prefill grows"};
  }
  if (grows(history.decode, history.in_service)) {
    return {false, "the queue before decode grows"};
  }
  return {};
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

std::string_view main_reason(const metrics::RequestCounts& counts) {
  std::size_t most = 0;
  std::int64_t requests = 0;
  for (std::size_t i = 0; i < observe::kEndings.size(); ++i) {
    const observe::Outcome outcome = observe::kEndings[i].outcome;
    const bool bad = outcome == observe::Outcome::Rejected || outcome == observe::Outcome::Failed;
    if (bad && counts.by_ending[i] > requests) {
      most = i;
      requests = counts.by_ending[i];
    }
  }
  return observe::kEndings[most].name;
}

}  // namespace

bool grows(std::span<const double> queue, double in_service) {
  const std::size_t quarter = queue.size() / 4;
  const double first = mean(queue, 0, quarter);
  const double last = mean(queue, queue.size() - quarter, quarter);
  const double growth = last - first;
  return last > kGrowth * first && growth > kGrowthInService * in_service &&
         growth > kGrowthSigmas * std::sqrt(first + 1.0);
}

std::vector<metrics::Interval> looks_of(const metrics::RunStatistics& statistics) {
  const base::Duration apart = (statistics.end - statistics.begin) / kWindowLooks;
  if (statistics.pieces.empty() || apart <= base::Duration{}) {
    return statistics.intervals;
  }
  std::vector<metrics::Interval> looks;
  std::ranges::copy_if(statistics.pieces, std::back_inserter(looks), [&](const auto& piece) {
    return (piece.begin - statistics.begin) % apart == base::Duration{};
  });
  return looks;
}

Verdict keeps_up(const metrics::RunStatistics& statistics) {
  QueueHistory history;
  for (const metrics::Interval& interval : looks_of(statistics)) {
    history.prefill.push_back(static_cast<double>(interval.at_begin.prefill_queue_requests));
    history.decode.push_back(static_cast<double>(interval.at_begin.decode_waiting_requests));
    history.in_service = static_cast<double>(interval.in_service_at_begin);
  }
  const std::int64_t arrived = statistics.requests.arrived - statistics.requests.rejected;
  if (2 * statistics.latency.ttft.count < arrived) {
    return {false, "half of the requests or more got no first token before the run ended"};
  }
  return judge(statistics.latency.ttft.p50.value_or(0.0), history);
}

Verdict meets_slo(const metrics::RunStatistics& statistics) {
  const std::int64_t lost = statistics.requests.rejected + statistics.requests.failed;
  if (lost > 0) {
    return {false,
            fmt::format("{:.2f} % of the requests were rejected or failed, most of them by {}",
                        100.0 * static_cast<double>(lost) /
                            static_cast<double>(statistics.requests.arrived),
                        main_reason(statistics.requests))};
  }
  if (const Verdict up = keeps_up(statistics); !up.good) {
    return up;
  }
  if (const Verdict ttft = misses(statistics.slo.ttft, "TTFT"); !ttft.good) {
    return ttft;
  }
  if (const Verdict tpot = misses(statistics.slo.tpot, "TPOT"); !tpot.good) {
    return tpot;
  }
  for (const metrics::ClassResult& one : statistics.classes) {
    const double asked = one.objectives.share.value_or(1.0);
    if (one.objectives.has_own() && one.attainment_ratio.value_or(1.0) < asked) {
      return {false, fmt::format("limits of class {} kept by {:.3f} of its requests",
                                 one.objectives.name, *one.attainment_ratio)};
    }
  }
  return {};
}

bool has_objectives(const metrics::RunStatistics& statistics) {
  return statistics.slo.ttft.limit || statistics.slo.tpot.limit ||
         std::ranges::any_of(statistics.classes,
                             [](const auto& one) { return one.objectives.has_own(); });
}

void require_slo(const metrics::RunStatistics& statistics, std::string_view who) {
  if (!has_objectives(statistics)) {
    throw base::InputError(
        {.key = "slo",
         .what = fmt::format("{} needs an objective, and the scenario has none", who),
         .remedy = "state slo.ttft.limit or slo.tpot.limit"});
  }
}

}  // namespace epfleet::experiment
