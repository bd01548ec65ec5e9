// How the two kinds of units are laid out and run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "epfleet/base/quantity.h"
#include "epfleet/base/time.h"
#include "epfleet/experts/expert_popularity.h"
#include "epfleet/model/layout.h"

namespace epfleet::serving {

using model::Overlap;
enum class Placement { Arrival, Step };  // when a queued prompt is bound to a GPU of its unit
// Continuous: requests join a running batch at any step; Static: a GPU takes a new batch only when
// all of the last one are done.
enum class Batching { Continuous, Static };
enum class Microbatch { Reform, Sticky };  // two halves formed anew every step, or membership kept

struct BalancerConfig {
  std::string unit = "joint";  // names of rules in policy/registry
  std::string gpu = "joint";
  // Between two reports of a unit's load to the balancer; what it places itself it knows at once.
  base::Duration view_age{};
};

// The defaults of both kinds of units are those of their layouts.
inline const model::PrefillLayout kPrefillDefaults{};
inline const model::DecodeLayout kDecodeDefaults{};

struct PrefillConfig {
  std::int64_t gpus = kPrefillDefaults.gpus;      // per unit
  std::optional<std::int64_t> redundant_experts;  // none: auto
  base::Tokens max_tokens_per_gpu{16'384};        // per step, both micro-batches
  std::int64_t chunk_grain = 64;                  // tokens
  Overlap overlap = Overlap::Auto;
  bool phase_barriers = kPrefillDefaults.phase_barriers;
  model::ExpertPrecision expert_precision = kPrefillDefaults.expert_precision;
  BalancerConfig balancer;
  Placement placement = Placement::Step;
  base::Bytes runtime_memory{8'000'000'000};  // per GPU: activations, buffers, context (a guess)
};

struct MtpConfig {
  bool enabled = true;
  std::int64_t draft_tokens = kDecodeDefaults.draft_tokens;
  double acceptance = 0.80;        // of a draft token (a guess, 0.60-0.90)
  double acceptance_spread = 0.0;  // half-width of the uniform draw per request around it

  [[nodiscard]] std::int64_t drafts() const { return enabled ? draft_tokens : 0; }
  // Tokens that a request gets of a step: the verified one and the accepted drafts,
  // a + a^2 + ... + a^d, for this acceptance a of a draft token.
  [[nodiscard]] double tokens_per_step(double of_draft) const {
    double tokens = 1.0, accepted = 1.0;
    for (std::int64_t draft = 0; draft < drafts(); ++draft) {
      accepted *= of_draft;
      tokens += accepted;
    }
    return tokens;
  }
};

struct DecodeConfig {
  std::int64_t gpus = kDecodeDefaults.gpus;       // per unit
  std::optional<std::int64_t> redundant_experts;  // none: auto
  Overlap overlap = Overlap::Auto;
  bool phase_barriers = kDecodeDefaults.phase_barriers;
  model::ExpertPrecision expert_precision = kDecodeDefaults.expert_precision;
  BalancerConfig balancer;
  std::optional<std::int64_t> max_requests_per_gpu;  // none: auto = 2 x 128 / (1 + draft tokens)
  Batching batching = Batching::Continuous;
  Microbatch microbatch = Microbatch::Reform;
  base::Bytes runtime_memory{6'000'000'000};  // per GPU (a guess, 4-8 GB)
  MtpConfig mtp;
};

enum class RebalanceCost { None, Stall };  // whether a unit stops while its experts move

inline constexpr const char* kEvenExperts = "none";

struct ExpertsConfig {
  std::string balancer = "eplb";   // a rule of experts/expert_placement
  std::string skew = "lognormal";  // none (perfectly even), or a shape of experts/expert_popularity
  double skew_sigma = 0.5;         // lognormal: of the logarithm of popularity (a guess)
  double skew_exponent = 0.6;      // zipf: popularity = rank^-s (a guess, 0.3-1.2)
  std::string loads;               // observed: a CSV of loads; empty: none
  experts::ExpertDrift drift_model = experts::ExpertDrift::Gradual;
  double drift_per_10_min = 0.1;  // share of log-popularity redrawn in 10 minutes (a guess)
  base::Duration rebalance_every = std::chrono::minutes(10);
  base::Duration rebalance_delay{};  // from observed loads to their placement (a guess, 0-2 min)
  RebalanceCost rebalance_cost = RebalanceCost::None;
  base::Duration reshare_every = std::chrono::seconds(10);  // rule weighted: between two shares
  // Tokens of the fullest GPU over the mean, instead of what skew and placement make; none: those.
  struct {
    std::optional<double> prefill, decode;
  } max_over_mean;
};

}  // namespace epfleet::serving
