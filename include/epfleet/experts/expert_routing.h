// Group-limited top-k routing of tokens to experts, as a random process: how often each expert is
// chosen, and samples of choices. Used at load time only, to price imbalance.
//
// Modelled: a token scores expert e as log(popularity[e]) + Gumbel noise; the topk_groups groups
//   with the largest sum of their two best scores stay, and of their experts the topk best are
//   chosen.
//   * Without a limit the topk best of Gumbel-perturbed scores are exactly a sample without
//     replacement by popularity (Yellott 1977), drawn here by alias tables and rejection.
//   * Groups are drawn that way too, by (sum of popularity)^1.3. The exponent is measured with the
//     exact rule at 32 experts a group (popularity x 0.8, 1.1, 1.25 of one group: 1.25-1.30); the
//     two best scores together tell groups better apart than the best one, which would give 1.
//   * A group that stays has high scores, so it is not left out in the choice of experts (exact
//     rule, even popularity: in 0.7 % of cases): each gives one expert, then the rest are drawn
//     from all. Experts per group 1, 2, 3, 4: 31, 42, 21, 5 %; by the exact rule 28, 46, 20, 4 %.
//   tests/unit/experts compares both with the exact rule.
// Left out: similar tokens choosing alike (popularity carries all correlation), auxiliary biases.
// Source: DeepSeek-V3 inference code (model.py, class Gate).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "epfleet/base/random.h"
#include "epfleet/model/model.h"

namespace epfleet::experts {

struct RoutingRule {
  std::int64_t experts = model::Model{}.experts;
  std::int64_t topk = model::Model{}.top_k;
  std::int64_t groups = model::Model{}.groups;            // of consecutive experts; at most 12
  std::int64_t topk_groups = model::Model{}.topk_groups;  // groups a token may reach
};

// Draws 0 .. size - 1 in proportion to weights, in constant time (Walker 1977, Vose 1991).
class AliasTable {
 public:
  AliasTable() = default;
  explicit AliasTable(std::span<const double> weights);
  [[nodiscard]] std::uint32_t draw(std::uint32_t bits) const {
    const std::uint64_t product = std::uint64_t{bits} * entries_.size();
    const Entry& entry = entries_[product >> 32U];
    return static_cast<std::uint32_t>(product) < entry.keep
               ? static_cast<std::uint32_t>(product >> 32U)
               : entry.alias;
  }

 private:
  struct Entry {
    std::uint32_t keep = 0;  // below: the entry itself
    std::uint32_t alias = 0;
  };
  std::vector<Entry> entries_;
};

class ExpertRouting {
 public:
  static constexpr std::int64_t kMostGroups = 12;  // all sets of groups are enumerated

  // REQUIRES: one popularity > 0 per expert; the rule's groups divide its experts evenly, those
  // that a token reaches hold at least topk experts, and with a limit they are at most topk.
  ExpertRouting(const RoutingRule& rule, std::span<const double> popularity);

  // The probability that a token chooses each expert; sums to topk. Inclusion probabilities of the
  // sample without replacement by Rosen's approximation (error of order 1 / experts).
  [[nodiscard]] std::vector<double> expert_shares() const;

  // Routes tokens and adds their choices to the experts' counts.
  void route(base::Stream& stream, std::int64_t tokens, std::span<std::int64_t> counts) const;

 private:
  // The experts of a set of groups that a token may be limited to.
  struct Reach {
    double probability = 0.0;
    std::vector<std::uint32_t> groups;
    std::vector<std::uint32_t> experts;
    std::vector<double> popularity;  // of experts
    std::vector<double> first;       // probability to be the one that the group gives; 0: no limit
    AliasTable draw;                 // position in experts
  };
  void add_reach(std::uint32_t group_set, double probability, std::span<const double> popularity);
  [[nodiscard]] bool limited() const { return rule_.topk_groups < rule_.groups; }

  RoutingRule rule_;
  std::vector<Reach> reaches_;
  AliasTable which_reach_;
  std::vector<AliasTable> within_group_;  // position in the group
};

}  // namespace epfleet::experts
