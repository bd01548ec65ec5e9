// Rules that do not search: round robin, random, and the better of two candidates drawn at random,
// for a balancer that cannot compare all of them. Better: less by the joint measure, max of both
// loads, each over its sum; it comes close to comparing all.
// Source: Mitzenmacher, "The power of two choices in randomized load balancing" (2001).
#include <algorithm>
#include <string>

#include "epfleet/base/random.h"
#include "epfleet/policy/balancer.h"

namespace epfleet::policy {
namespace {

// The candidate at `place`, counted around; moves `place` behind it.
template <class Demand, class View>
std::uint32_t candidate(const Demand& /*demand*/, const View& view, std::uint64_t& place) {
  return view.open[place++ % view.open.size()];
}
// Of the GPUs the first with room from there on.
std::optional<std::uint32_t> candidate(const DecodeDemand& demand, const DecodeGpuView& view,
                                       std::uint64_t& place) {
  const std::size_t gpus = view.with_one_more.size();
  for (std::size_t step = 0; step < gpus; ++step) {
    const std::size_t i = (place % gpus + step) % gpus;
    if (view.has_room(i, demand)) {
      place = i + 1;
      return static_cast<std::uint32_t>(i);
    }
  }
  return std::nullopt;
}

template <class Rule>
constexpr std::string_view kStream = "policy.prefill.";
template <>
constexpr std::string_view kStream<DecodeUnitRule> = "policy.decode_unit.";
template <>
constexpr std::string_view kStream<DecodeGpuRule> = "policy.decode.";

template <class Rule>
class RoundRobin : public Rule {
 public:
  typename Rule::Choice choose(const typename Rule::Demand& demand,
                               const typename Rule::View& view) override {
    return candidate(demand, view, place_);
  }

 private:
  std::uint64_t place_ = 0;
};

template <class Rule>
class Random : public Rule {
 public:
  Random(std::uint64_t seed, std::string_view rule)
      : bits_(base::StreamFamily(seed, std::string(kStream<Rule>).append(rule)), 0) {}
  typename Rule::Choice choose(const typename Rule::Demand& demand,
                               const typename Rule::View& view) override {
    std::uint64_t place = bits_.bits();
    return candidate(demand, view, place);
  }

 private:
  base::Stream bits_;
};

bool is_better(std::uint32_t second, std::uint32_t first, const PrefillDemand& demand,
               const PrefillView& view) {
  const auto score = [&](std::uint32_t i) {
    return std::max((view.tokens[i] + demand.tokens) / (view.tokens_total + demand.tokens + 1.0F),
                    (view.attention_pairs[i] + demand.attention_pairs) /
                        (view.attention_pairs_total + demand.attention_pairs + 1.0F));
  };
  return score(second) < score(first);
}

// Of the two alone: each measure over the sum of both.
bool is_better(std::uint32_t second, std::uint32_t first, const DecodeDemand& /*demand*/,
               const DecodeUnitView& view) {
  const double requests = view.requests[first] + view.requests[second] + 1.0;
  const double kv = view.kv[first] + view.kv[second] + 1.0;
  const auto score = [&](std::uint32_t i) {
    return std::max(view.requests[i] / requests, view.kv[i] / kv);
  };
  return score(second) < score(first);
}

bool is_better(std::optional<std::uint32_t> second, std::optional<std::uint32_t> first,
               const DecodeDemand& demand, const DecodeGpuView& view) {
  const auto requests = static_cast<double>(view.requests_total + 1);
  const base::TokenParts kv = view.kv_total + demand.kv + base::TokenParts(1);
  const auto score = [&](std::uint32_t i) {
    return std::max(static_cast<double>(view.with_one_more[i]) / requests,
                    (base::TokenParts(view.kv[i]) + demand.kv) / kv);
  };
  return first && second && score(*second) < score(*first);
}

template <class Rule>
class PowerOfTwo : public Rule {
 public:
  explicit PowerOfTwo(std::uint64_t seed) : draw_(seed, "power_of_two") {}
  typename Rule::Choice choose(const typename Rule::Demand& demand,
                               const typename Rule::View& view) override {
    const auto first = draw_.choose(demand, view);
    const auto second = draw_.choose(demand, view);
    return is_better(second, first, demand, view) ? second : first;
  }

 private:
  Random<Rule> draw_;
};

}  // namespace

template <class Rule>
std::unique_ptr<Rule> make_round_robin(std::uint64_t /*seed*/) {
  return std::make_unique<RoundRobin<Rule>>();
}
template <class Rule>
std::unique_ptr<Rule> make_random(std::uint64_t seed) {
  return std::make_unique<Random<Rule>>(seed, "random");
}
template <class Rule>
std::unique_ptr<Rule> make_power_of_two(std::uint64_t seed) {
  return std::make_unique<PowerOfTwo<Rule>>(seed);
}

template std::unique_ptr<PrefillRule> make_round_robin(std::uint64_t);
template std::unique_ptr<DecodeUnitRule> make_round_robin(std::uint64_t);
template std::unique_ptr<DecodeGpuRule> make_round_robin(std::uint64_t);
template std::unique_ptr<PrefillRule> make_random(std::uint64_t);
template std::unique_ptr<DecodeUnitRule> make_random(std::uint64_t);
template std::unique_ptr<DecodeGpuRule> make_random(std::uint64_t);
template std::unique_ptr<PrefillRule> make_power_of_two(std::uint64_t);
template std::unique_ptr<DecodeUnitRule> make_power_of_two(std::uint64_t);
template std::unique_ptr<DecodeGpuRule> make_power_of_two(std::uint64_t);

}  // namespace epfleet::policy
