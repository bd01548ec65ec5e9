#include "epfleet/sessions/session_kernels.h"

#include "epfleet/sessions/deconvolution.h"
#include "epfleet/workload/day_curve.h"
#include "two_halves.h"

namespace epfleet::sessions {
namespace {

constexpr std::uint32_t kKernelPaths = 1U << 15U;
constexpr double kBinSeconds = workload::kDaySeconds / static_cast<double>(kDayBins);

SessionKernels empty_kernels() {
  return {std::vector<double>(kDayBins, 0.0), std::vector<double>(kDayBins, 0.0)};
}

// Session starts are spread evenly over their bin, so a lag of 2.3 bins falls into the third
// bin for 70 % of them.
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
  SessionKernels kernels = empty_kernels();
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
  std::array<SessionKernels, workload::kSessionClasses> parts;
  for_each_class(worker, [&](workload::SessionClass of) {
    const auto c = static_cast<std::size_t>(of);
    parts[c] = class_kernels(law, of, sessions[c], service, worth, block);
  });
  SessionKernels sum = empty_kernels();
  for (const SessionKernels& part : parts) {
    for (std::size_t bin = 0; bin < kDayBins; ++bin) {
      sum.served[bin] += part.served[bin];
      sum.ended[bin] += part.ended[bin];
    }
  }
  return sum;
}

}  // namespace epfleet::sessions
