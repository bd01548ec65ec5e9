// How much more often tokens go to some experts of a layer than to others, and how that changes.
//
// Modelled: one popularity > 0 per layer and expert, of three shapes, each of a standard normal z
//   per expert:
//     lognormal  exp(sigma z)
//     zipf       rank^-s, the expert with the largest z first
//     observed   exp(m + sd z), z the standardised logarithm of a load that was measured in the
//                layer (m, sd: mean and standard deviation over its experts); a load of zero counts
//                as half the smallest positive one of the layer
//   and two kinds of drift of z, both of which keep the spread. After `age` intervals with drift d
//     gradual    a share 1 - (1 - d)^age of the variance of z is redrawn: all move a little
//     jumps      each z stays as it is with probability (1 - d)^age, else it is drawn anew
// Left out: correlation between layers, topics that raise several experts together, a day's shape;
//   choosing 8 without replacement makes the shares of very popular experts smaller than their
//   popularity, also where that was observed.
// Source of the range of s: expert kernels measured under power laws with 0.6 to 1.2 (H100,
//   aiconfigurator's MoE tables). Sigma, drift and its kind are guesses.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace epfleet::experts {

enum class ExpertSkew { Lognormal, Zipf, Observed };
enum class ExpertDrift { Gradual, Jumps };

struct PopularitySpec {
  ExpertSkew skew = ExpertSkew::Lognormal;
  double sigma = 0.5;     // lognormal; 0: even
  double exponent = 0.6;  // zipf: s; 0: even
  // observed: by layer, then by expert; each >= 0
  std::vector<std::vector<double>> loads;
  ExpertDrift drift = ExpertDrift::Gradual;
  double drift_per_rebalance = 0.1;  // d, between two rebalancings, 0..1
  std::uint64_t seed = 0;

  friend bool operator==(const PopularitySpec&, const PopularitySpec&) = default;
};

// A layer's popularity, by expert, at the start and then at each of these ages in rebalance
// intervals; stationary. The first two are the same whatever ages follow.
// REQUIRES: at least one age, they do not fall; with observed loads, a row of `experts` loads for
// the layer.
[[nodiscard]] std::vector<std::vector<double>> draw_popularity(const PopularitySpec& spec,
                                                               std::int64_t experts,
                                                               std::int64_t layer,
                                                               std::span<const double> ages);

}  // namespace epfleet::experts
