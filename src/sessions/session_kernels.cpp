#include "epfleet/sessions/session_kernels.h"

#include <algorithm>
#include <cmath>

#include "epfleet/base/error.h"
#include "epfleet/workload/day_curve.h"
#include "per_class.h"

namespace epfleet::sessions {
namespace {

constexpr std::uint32_t kKernelPaths = 1U << 15U;
constexpr double kBinSeconds = workload::kDaySeconds / static_cast<double>(kDayBins);

// Session starts are spread evenly over their bin, so a lag of 2.3 bins falls into the third bin
// for 70 % of them.
void add_at(std::vector<double>& bins, double lag_s, double amount) {
  const double position = lag_s / kBinSeconds;
  const auto bin = static_cast<std::size_t>(position);
  const double later = position - static_cast<double>(bin);
  bins[bin % kDayBins] += amount * (1.0 - later);
  bins[(bin + 1) % kDayBins] += amount * later;
}

SessionKernels class_kernels(const SessionLaw& law, workload::SessionClass of, double sessions,
                             const ExpectedService& service, const ShapeWeights& worth,
                             std::int64_t block) {
  SessionKernels kernels;
  if (!(sessions > 0.0)) {
    return kernels;
  }
  const double per_path = sessions / static_cast<double>(kKernelPaths);
  SessionPaths sample(law, of, kKernelPaths, service);
  std::vector<PathTurn> path;
  while (sample.next(path)) {
    for (const PathTurn& at : path) {
      const double weight = at.weight * per_path;
      const auto hit = static_cast<double>(ideal_hit_tokens(at.turn, block));
      const double miss = at.turn.prompt - hit;
      const double prefill_end = at.lag_s + service.prefill_s;
      const double done = at.lag_s + service.seconds(at.turn.output);
      add_at(kernels.served, prefill_end, weight * (worth.hit * hit + worth.miss * miss));
      add_at(kernels.served, 0.5 * (prefill_end + done), weight * worth.output * at.turn.output);
      add_at(kernels.ended, done,
             at.ends_weight * per_path * (reusable_after(at.turn) - at.turn.shared_tokens));
    }
  }
  return kernels;
}

}  // namespace

SessionKernels session_kernels(const SessionLaw& law,
                               const std::array<double, workload::kSessionClasses>& sessions,
                               const ExpectedService& service, const ShapeWeights& worth,
                               std::int64_t block, base::Worker* worker) {
  const auto parts = per_class(worker, [&](workload::SessionClass of) {
    return class_kernels(law, of, sessions[static_cast<std::size_t>(of)], service, worth, block);
  });
  SessionKernels sum;
  for (const SessionKernels& part : parts) {
    for (std::size_t bin = 0; bin < kDayBins; ++bin) {
      sum.served[bin] += part.served[bin];
      sum.ended[bin] += part.ended[bin];
    }
  }
  return sum;
}

std::vector<double> deconvolve_starts(std::span<const double> served,
                                      std::span<const double> kernel) {
  constexpr int kMostRounds = 400;
  constexpr double kCloseEnough = 1e-6;
  const std::size_t n = served.size();
  EPFLEET_CHECK(kernel.size() == n, "a kernel of as many bins");
  double kernel_sum = 0.0;
  for (const double weight : kernel) {
    kernel_sum += weight;
  }
  std::vector<double> starts(served.begin(), served.end());
  double mean_starts = 0.0;
  for (double& value : starts) {
    value /= kernel_sum;
    mean_starts += value / static_cast<double>(n);
  }
  std::vector<double> ratio(n);
  for (int round = 0; round < kMostRounds; ++round) {
    double worst = 0.0;
    for (std::size_t t = 0; t < n; ++t) {
      double sum = 0.0;
      for (std::size_t lag = 0; lag < n; ++lag) {
        sum += kernel[lag] * starts[t >= lag ? t - lag : t + n - lag];
      }
      ratio[t] = sum > 0.0 ? served[t] / sum : 1.0;
      worst = std::max(worst, starts[t] * std::fabs(ratio[t] - 1.0));
    }
    for (std::size_t t = 0; t < n; ++t) {
      double correction = 0.0;
      for (std::size_t lag = 0; lag < n; ++lag) {
        correction += kernel[lag] * ratio[t + lag < n ? t + lag : t + lag - n];
      }
      starts[t] *= correction / kernel_sum;
    }
    if (worst <= kCloseEnough * mean_starts) {
      break;
    }
  }
  return starts;
}

}  // namespace epfleet::sessions
