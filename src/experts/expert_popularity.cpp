#include "epfleet/experts/expert_popularity.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "epfleet/base/error.h"
#include "epfleet/base/random.h"
#include "epfleet/base/real_math.h"

namespace epfleet::experts {
namespace {

// (1 - d)^age: the variance that stays (gradual), or the share of experts that stay (jumps).
double kept_share(double drift, double age) {
  return drift < 1.0 ? base::real_pow(1.0 - drift, age) : 0.0;
}

// Logarithms of observed loads, as a mean, a spread and what is left of them: mean 0, variance 1.
struct LogLoads {
  double mean = 0.0, spread = 0.0;
  std::vector<double> standard;  // by expert
};

LogLoads standardised(std::span<const double> loads) {
  double least = 0.0;
  for (const double load : loads) {
    least = load > 0.0 && (least <= 0.0 || load < least) ? load : least;
  }
  LogLoads logs;
  const auto count = static_cast<double>(loads.size());
  for (const double load : loads) {
    // A layer without any load counts as even.
    logs.standard.push_back(least <= 0.0 ? 0.0 : base::real_log(load > 0.0 ? load : 0.5 * least));
  }
  logs.mean = std::accumulate(logs.standard.begin(), logs.standard.end(), 0.0) / count;
  double squares = 0.0;
  for (double& x : logs.standard) {
    x -= logs.mean;
    squares += x * x;
  }
  logs.spread = std::sqrt(squares / count);
  for (double& x : logs.standard) {
    x = logs.spread > 0.0 ? x / logs.spread : 0.0;
  }
  return logs;
}

// By expert: 1 for the largest, the first of equals first.
std::vector<std::size_t> ranks_of(std::span<const double> values) {
  std::vector<std::size_t> order(values.size()), rank(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater{}, [&](std::size_t i) { return values[i]; });
  for (std::size_t place = 0; place < order.size(); ++place) {
    rank[order[place]] = place + 1;
  }
  return rank;
}

std::vector<double> popularity_of(const PopularitySpec& spec, const LogLoads& logs,
                                  std::span<const double> z) {
  std::vector<double> popularity(z.size());
  if (spec.skew == ExpertSkew::Zipf) {
    std::ranges::transform(ranks_of(z), popularity.begin(), [&](std::size_t rank) {
      return base::real_pow(static_cast<double>(rank), -spec.exponent);
    });
    return popularity;
  }
  const bool observed = spec.skew == ExpertSkew::Observed;
  std::ranges::transform(z, popularity.begin(), [&](double x) {
    return base::real_exp(observed ? logs.mean + logs.spread * x : spec.sigma * x);
  });
  return popularity;
}

}  // namespace

std::vector<std::vector<double>> draw_popularity(const PopularitySpec& spec, std::int64_t experts,
                                                 std::int64_t layer, std::span<const double> ages) {
  const bool observed = spec.skew == ExpertSkew::Observed;
  const auto row = static_cast<std::size_t>(layer);
  const auto count = static_cast<std::size_t>(experts);
  EPFLEET_CHECK(!observed || (row < spec.loads.size() && spec.loads[row].size() == count),
                "a load for every expert of the layer");
  const LogLoads logs = observed ? standardised(spec.loads[row]) : LogLoads{};
  std::vector<std::vector<double>> path(1);
  std::vector<double> z(count);
  double age = 0.0;
  for (std::size_t step = 0; step < ages.size(); ++step) {
    const double kept = kept_share(spec.drift_per_rebalance, ages[step] - age);
    const double kept_part = std::sqrt(kept), redrawn_part = std::sqrt(1.0 - kept);
    base::Stream draws(base::StreamFamily(spec.seed, "expert.popularity"), row, step);
    base::Stream stays(base::StreamFamily(spec.seed, "expert.jumps"), row, step);
    std::vector<double> later(count);
    for (std::size_t expert = 0; expert < count; ++expert) {
      if (step == 0) {
        const double drawn = draws.normal();
        z[expert] = observed ? logs.standard[expert] : drawn;
      }
      const double fresh = draws.normal();
      if (spec.drift == ExpertDrift::Jumps) {
        later[expert] = stays.uniform() < kept ? z[expert] : fresh;
      } else {
        later[expert] = kept_part * z[expert] + redrawn_part * fresh;
      }
    }
    if (step == 0) {
      path.front() = popularity_of(spec, logs, z);
    }
    path.push_back(popularity_of(spec, logs, later));
    z = std::move(later);
    age = ages[step];
  }
  return path;
}

}  // namespace epfleet::experts
