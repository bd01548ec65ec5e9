#include "epfleet/experts/expert_load.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "epfleet/base/random.h"
#include "epfleet/base/remembered.h"
#include "epfleet/experts/expert_shares.h"

namespace epfleet::experts {
namespace {

constexpr double kStaticAge = 144.0;  // rebalance intervals; a day of 10 minutes each
constexpr int kSampledKnots = 15;     // 2^0 .. 2^14 tokens are sampled

// Sample paths per layer: each is measured at every power of two up to its length. Few tokens make
// much noise and little work, so they get more paths.
struct Paths {
  int count;
  int knots;
};
constexpr std::array<Paths, 3> kPaths = {{{1, kSampledKnots}, {8, 12}, {32, 9}}};

std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

// One layer: where its experts stand and how tokens choose among them now.
class Layer {
 public:
  Layer(const ExpertLoadSpec& spec, std::int64_t layer) : Layer(spec, popularity_of(spec, layer)) {}

  [[nodiscard]] double limit() const {
    return 1.0 / balancedness(gpu_loads(placement_, routing_.expert_shares(), gpus_));
  }

  // Routes tokens one after the other and adds max / mean at every power of two to `sums`.
  void add_path(base::Stream& stream, int knots, std::span<double> sums) const {
    std::vector<std::int64_t> counts(placement_.logical_count.size(), 0);
    std::int64_t routed = 0;
    for (int knot = 0; knot < knots; ++knot) {
      const std::int64_t tokens = std::int64_t{1} << knot;
      routing_.route(stream, tokens - routed, counts);
      routed = tokens;
      sums[static_cast<std::size_t>(knot)] += max_over_mean(counts);
    }
  }

 private:
  using Path = std::vector<std::vector<double>>;

  // When its loads were observed for the placement, when they were observed for the shares (if the
  // rule has any), and now.
  static Path popularity_of(const ExpertLoadSpec& spec, std::int64_t layer) {
    // How far into an interval it is: the layers stand for all times between two rebalancings.
    const double part = (static_cast<double>(layer) + 0.5) / static_cast<double>(spec.layers);
    std::vector<double> ages{spec.rule.day_old ? kStaticAge : part + spec.observation_delay};
    if (spec.rule.reshares) {
      ages.push_back(ages.front() + part * spec.reshare_interval);
    }
    return draw_popularity(spec.popularity, spec.experts, layer, ages);
  }

  Layer(const ExpertLoadSpec& spec, const Path& popularity)
      : gpus_(spec.gpus),
        routing_(spec.routing(), popularity.back()),
        placement_(place_experts(shares_of(spec, popularity[0]), slots_of(spec), spec.rule)) {
    if (spec.rule.reshares) {
      level_shares(placement_, shares_of(spec, popularity[1]), gpus_);
      divide_by_weight();
    } else {
      divide_evenly();
    }
  }

  static std::vector<double> shares_of(const ExpertLoadSpec& spec,
                                       std::span<const double> popularity) {
    return ExpertRouting(spec.routing(), popularity).expert_shares();
  }

  void divide_evenly() {
    std::vector<std::int32_t> seen(placement_.logical_count.size(), 0);
    for (const std::int32_t expert : placement_.physical_to_logical) {
      rank_.push_back(seen[size(expert)]++);
    }
  }

  void divide_by_weight() {
    std::vector<double> given(placement_.logical_count.size(), 0.0);
    std::vector<std::int32_t> left(placement_.logical_count);
    for (std::size_t slot = 0; slot < placement_.share.size(); ++slot) {
      const std::size_t expert = size(placement_.physical_to_logical[slot]);
      const double from = given[expert];
      given[expert] = --left[expert] == 0 ? 1.0 : from + placement_.share[slot];
      range_.push_back({from, given[expert]});
    }
  }

  // In whole tokens, none left over. Even copies: the first get the remainder.
  [[nodiscard]] std::int64_t tokens_of(std::size_t slot, std::int64_t of_expert) const {
    if (!range_.empty()) {
      const auto up_to = [&](double share) {
        return std::int64_t{std::llround(static_cast<double>(of_expert) * share)};
      };
      return up_to(range_[slot].to) - up_to(range_[slot].from);
    }
    const std::int64_t copies =
        placement_.logical_count[size(placement_.physical_to_logical[slot])];
    return (of_expert + copies - 1 - rank_[slot]) / copies;
  }

  [[nodiscard]] double max_over_mean(std::span<const std::int64_t> counts) const {
    const std::size_t slots = placement_.physical_to_logical.size();
    const std::size_t slots_per_gpu = slots / size(gpus_);
    std::int64_t largest = 0, sum = 0;
    for (std::size_t first = 0; first < slots; first += slots_per_gpu) {
      std::int64_t on_gpu = 0;
      for (std::size_t slot = first; slot < first + slots_per_gpu; ++slot) {
        on_gpu += tokens_of(slot, counts[size(placement_.physical_to_logical[slot])]);
      }
      largest = std::max(largest, on_gpu);
      sum += on_gpu;
    }
    return static_cast<double>(largest * gpus_) / static_cast<double>(sum);
  }

  // Of an expert's tokens, lined up from 0 to 1, those of a slot.
  struct Range {
    double from = 0.0, to = 1.0;
  };

  std::int64_t gpus_;
  ExpertRouting routing_;
  LayerPlacement placement_;
  std::vector<std::int32_t> rank_;  // by slot: which copy of its expert; even shares
  std::vector<Range> range_;        // by slot; weighted shares
};

constexpr std::size_t kRemembered = 64;  // two of a run; with observed loads 120 kB each

model::ExpertImbalance sampled_imbalance(const ExpertLoadSpec& spec) {
  std::array<double, kImbalanceKnots> sums{};
  double limit_sum = 0.0;
  for (std::int64_t index = 0; index < spec.layers; ++index) {
    const Layer layer(spec, index);
    limit_sum += layer.limit();
    std::uint64_t path = 0;
    for (const Paths& paths : kPaths) {
      for (int i = 0; i < paths.count; ++i) {
        base::Stream stream(base::StreamFamily(spec.popularity.seed, "expert.routing"),
                            static_cast<std::uint64_t>(index), path++);
        layer.add_path(stream, paths.knots, sums);
      }
    }
  }
  const auto layers = static_cast<double>(spec.layers);
  const double limit = limit_sum / layers;
  model::ExpertImbalance imbalance;
  for (int knot = 0; knot < kSampledKnots; ++knot) {
    double samples = 0.0;
    for (const Paths& paths : kPaths) {
      samples += knot < paths.knots ? paths.count * layers : 0.0;
    }
    imbalance.max_over_mean.push_back(sums[static_cast<std::size_t>(knot)] / samples);
  }
  const double last_noise = std::max(0.0, imbalance.max_over_mean.back() - limit);
  for (int knot = kSampledKnots; knot < kImbalanceKnots; ++knot) {
    const double fewer = static_cast<double>(std::int64_t{1} << (knot - kSampledKnots + 1));
    imbalance.max_over_mean.push_back(limit + last_noise / std::sqrt(fewer));
  }
  return imbalance;
}

}  // namespace

ExpertSlots slots_of(const ExpertLoadSpec& spec) {
  return {.experts = spec.experts,
          .slots = spec.experts + spec.redundant,
          .groups = spec.groups,
          .nodes = std::max<std::int64_t>(1, spec.gpus / spec.gpus_per_node),
          .gpus = spec.gpus};
}

model::ExpertImbalance expected_imbalance(const ExpertLoadSpec& spec) {
  if (!spec.skewed) {
    return {};
  }
  static base::Remembered<ExpertLoadSpec, model::ExpertImbalance> latest(kRemembered);
  return latest.get(spec, [&] { return sampled_imbalance(spec); });
}

double limit_imbalance(const ExpertLoadSpec& spec) {
  double sum = 0.0;
  for (std::int64_t index = 0; index < spec.layers; ++index) {
    sum += Layer(spec, index).limit();
  }
  return sum / static_cast<double>(spec.layers);
}

}  // namespace epfleet::experts
