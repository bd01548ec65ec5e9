// How evenly the routed tokens of a micro-batch fall on the GPUs of a unit: a table made once at
// load time and read once per step, instead of routing 58 layers in every step.
//
// Modelled: popularity per layer and expert, which drifts (expert_popularity.h); the placement is
//   made from the loads observed at the last rebalance, so what it knows is a delay and between 0
//   and 1 interval old (spread evenly over the layers); tokens choose by group-limited top-k
//   (expert_routing.h); the copies of an expert share its tokens evenly, but under `weighted`:
//   there the shares change far more often than weights move, from loads that are 0 to 1 of those
//   short intervals old, so that the shares follow the drift although the placement does not.
//   `static` knows only the popularity of a day ago (144 intervals of 10 minutes).
// Left out: change of popularity within a micro-batch; the MTP module's own layer of experts.
// Method: up to 2^14 tokens by sampling. Beyond, the sampling noise of the largest GPU falls with
//   the square root of the tokens: imbalance(T) = limit + (imbalance(2^14) - limit) sqrt(2^14 / T),
//   with the limit computed from the experts' exact shares.
#pragma once

#include <cstdint>

#include "epfleet/experts/expert_placement.h"
#include "epfleet/experts/expert_popularity.h"
#include "epfleet/experts/expert_routing.h"
#include "epfleet/model/layout.h"

namespace epfleet::experts {

// Knots of the table: 2^0 .. 2^20 tokens of the whole unit.
inline constexpr int kImbalanceKnots = 21;

struct ExpertLoadSpec {
  std::int64_t experts = model::Model{}.experts;
  std::int64_t groups = model::Model{}.groups;
  std::int64_t topk = model::Model{}.top_k;
  std::int64_t topk_groups = model::Model{}.topk_groups;
  std::int64_t layers = model::Model{}.moe_layers();
  std::int64_t gpus = model::DecodeLayout{}.gpus;
  std::int64_t gpus_per_node = model::DecodeLayout{}.gpus_per_node;
  std::int64_t redundant = model::DecodeLayout{}.redundant_experts;
  ExpertRule rule = expert_rules()["eplb"];
  bool skewed = true;  // false: routing forced even
  // Even popularity is still uneven by placement and chance.
  PopularitySpec popularity;  // its seed is the routing's, too
  // In rebalance intervals: from observed loads to the placement made of them, and between two
  // changes of shares.
  double observation_delay = 0.0;
  double reshare_interval = 0.0;

  [[nodiscard]] RoutingRule routing() const { return {experts, topk, groups, topk_groups}; }

  friend bool operator==(const ExpertLoadSpec&, const ExpertLoadSpec&) = default;
};

[[nodiscard]] ExpertSlots slots_of(const ExpertLoadSpec& spec);

// Expected max / mean over the GPUs, averaged over the layers; empty when routing is forced even.
// Takes up to half a second, and nothing if one of the last calls had the same spec. Any thread may
// ask.
// REQUIRES: problems_of(slots_of(spec)) is empty; 0 <= drift <= 1.
[[nodiscard]] model::ExpertImbalance expected_imbalance(const ExpertLoadSpec& spec);

// What it tends to for many tokens: the imbalance of the placement itself.
[[nodiscard]] double limit_imbalance(const ExpertLoadSpec& spec);

}  // namespace epfleet::experts
