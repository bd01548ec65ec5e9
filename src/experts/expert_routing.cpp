#include "epfleet/experts/expert_routing.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "epfleet/base/error.h"
#include "epfleet/base/real_math.h"

namespace epfleet::experts {
namespace {

constexpr double kGroupExponent = 1.3;  // see the header

constexpr std::int64_t kMostDraws = 64;  // for each expert of a token

std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

double total(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

// Probability of every set (a bit mask) of groups when they are drawn one by one by weight, without
// replacement: P(S) = sum over the last one j of P(S - j) w_j / (what was left before j).
std::vector<double> set_probabilities(std::span<const double> weights) {
  std::vector<double> probability(std::size_t{1} << weights.size(), 0.0);
  probability[0] = 1.0;
  const double all = total(weights);
  for (std::size_t set = 0; set + 1 < probability.size(); ++set) {
    double left = all;
    for (std::size_t j = 0; j < weights.size(); ++j) {
      left -= (set >> j & 1U) != 0 ? weights[j] : 0.0;
    }
    for (std::size_t j = 0; j < weights.size(); ++j) {
      if ((set >> j & 1U) == 0) {
        probability[set | std::size_t{1} << j] += probability[set] * weights[j] / left;
      }
    }
  }
  return probability;
}

// Rosen's inclusion probabilities of a sample of topk by popularity, after some experts were chosen
// with probability `first` each: 1 - (1 - first) exp(-p x), the x such that they sum to topk. The
// sum is concave in x, so Newton's steps from below never pass the root.
void chosen_probabilities(std::span<const double> popularity, std::span<const double> first,
                          double topk, std::span<double> chosen) {
  double x = (topk - total(first)) / total(popularity);
  for (int step = 0; step < 50; ++step) {
    double missing = topk, slope = 0.0;
    for (std::size_t i = 0; i < popularity.size(); ++i) {
      const double not_chosen = (1.0 - first[i]) * base::real_exp(-popularity[i] * x);
      chosen[i] = 1.0 - not_chosen;
      missing -= chosen[i];
      slope += popularity[i] * not_chosen;
    }
    if (missing < 1e-6 * topk || slope <= 0.0) {
      break;
    }
    x += missing / slope;
  }
}

// Marks which experts a token has chosen already, without clearing between tokens.
class Choices {
 public:
  explicit Choices(std::span<std::int64_t> counts) : counts_(counts), chosen_by_(counts.size()) {}
  void next_token() { ++token_; }
  // 1 if the expert is new to this token. No branch: it could not be predicted.
  std::int64_t choose(std::uint32_t expert) {
    const std::int64_t fresh = chosen_by_[expert] != token_ ? 1 : 0;
    chosen_by_[expert] = token_;
    counts_[expert] += fresh;
    return fresh;
  }

 private:
  std::span<std::int64_t> counts_;
  std::vector<std::int64_t> chosen_by_;
  std::int64_t token_ = 0;
};

std::uint32_t upper_half(std::uint64_t bits) { return static_cast<std::uint32_t>(bits >> 32U); }

}  // namespace

AliasTable::AliasTable(std::span<const double> weights) : entries_(weights.size()) {
  const double mean = total(weights) / static_cast<double>(weights.size());
  std::vector<double> scaled(weights.size());
  std::vector<std::uint32_t> small, large;
  for (std::uint32_t i = 0; i < scaled.size(); ++i) {
    scaled[i] = weights[i] / mean;
    (scaled[i] < 1.0 ? small : large).push_back(i);
  }
  while (!small.empty() && !large.empty()) {
    const std::uint32_t poor = small.back(), rich = large.back();
    small.pop_back();
    entries_[poor] = {static_cast<std::uint32_t>(scaled[poor] * 0x1p32), rich};
    scaled[rich] -= 1.0 - scaled[poor];
    if (scaled[rich] < 1.0) {
      large.pop_back();
      small.push_back(rich);
    }
  }
  for (const auto& whole : {small, large}) {  // one of them is empty but for rounding
    for (const std::uint32_t i : whole) {
      entries_[i] = {~std::uint32_t{0}, i};
    }
  }
}

ExpertRouting::ExpertRouting(const RoutingRule& rule, std::span<const double> popularity)
    : rule_(rule) {
  EPFLEET_CHECK(popularity.size() == size(rule.experts), "one popularity per expert");
  EPFLEET_CHECK(rule.groups >= 1 && rule.groups <= kMostGroups && rule.experts % rule.groups == 0,
                "experts form at most 12 groups of equal size");
  EPFLEET_CHECK(rule.topk_groups >= 1 && rule.topk_groups <= rule.groups &&
                    rule.topk_groups * (rule.experts / rule.groups) >= rule.topk,
                "a token's groups hold the experts it chooses");
  EPFLEET_CHECK(!limited() || rule.topk_groups <= rule.topk, "every group gives an expert");
  const std::size_t group_size = popularity.size() / size(rule.groups);
  std::vector<double> group_weight;
  for (std::size_t group = 0; group < size(rule.groups); ++group) {
    const auto members = popularity.subspan(group * group_size, group_size);
    const double sum = total(members);
    within_group_.emplace_back(members);
    group_weight.push_back(base::real_pow(sum, kGroupExponent));
  }
  const std::vector<double> probability = set_probabilities(group_weight);
  std::vector<double> of_reach;
  for (std::uint32_t set = 0; set < probability.size(); ++set) {
    if (std::popcount(set) == static_cast<int>(rule.topk_groups)) {
      add_reach(set, probability[set], popularity);
      of_reach.push_back(probability[set]);
    }
  }
  which_reach_ = AliasTable(of_reach);
}

void ExpertRouting::add_reach(std::uint32_t group_set, double probability,
                              std::span<const double> popularity) {
  Reach reach;
  reach.probability = probability;
  const std::size_t group_size = popularity.size() / size(rule_.groups);
  for (std::uint32_t group = 0; group < within_group_.size(); ++group) {
    if ((group_set >> group & 1U) == 0) {
      continue;
    }
    reach.groups.push_back(group);
    const double sum = total(popularity.subspan(group * group_size, group_size));
    for (std::size_t expert = group * group_size; expert < (group + 1) * group_size; ++expert) {
      reach.experts.push_back(static_cast<std::uint32_t>(expert));
      reach.popularity.push_back(popularity[expert]);
      reach.first.push_back(limited() ? popularity[expert] / sum : 0.0);
    }
  }
  reach.draw = AliasTable(reach.popularity);
  reaches_.push_back(std::move(reach));
}

std::vector<double> ExpertRouting::expert_shares() const {
  std::vector<double> shares(size(rule_.experts), 0.0);
  std::vector<double> chosen;
  for (const Reach& reach : reaches_) {
    chosen.resize(reach.experts.size());
    chosen_probabilities(reach.popularity, reach.first, static_cast<double>(rule_.topk), chosen);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      shares[reach.experts[i]] += reach.probability * chosen[i];
    }
  }
  return shares;
}

void ExpertRouting::route(base::Stream& stream, std::int64_t tokens,
                          std::span<std::int64_t> counts) const {
  const auto group_size = static_cast<std::uint32_t>(rule_.experts / rule_.groups);
  Choices choices(counts);
  for (std::int64_t token = 0; token < tokens; ++token) {
    choices.next_token();
    const Reach& reach = reaches_[which_reach_.draw(upper_half(stream.bits()))];
    std::int64_t chosen = 0;
    if (limited()) {
      for (const std::uint32_t group : reach.groups) {
        const std::uint32_t within = within_group_[group].draw(upper_half(stream.bits()));
        chosen += choices.choose(group * group_size + within);
      }
    }
    for (std::int64_t draws = kMostDraws * rule_.topk; chosen < rule_.topk && draws > 0; --draws) {
      chosen += choices.choose(reach.experts[reach.draw.draw(upper_half(stream.bits()))]);
    }
    // The others are so unpopular that they are hardly ever drawn: the first of them.
    for (std::size_t i = 0; chosen < rule_.topk; ++i) {
      chosen += choices.choose(reach.experts[i]);
    }
  }
}

}  // namespace epfleet::experts
