#include "epfleet/timing/prefill_pricer.h"

#include <algorithm>
#include <vector>

#include "curve.h"
#include "epfleet/base/error.h"
#include "epfleet/base/time.h"
#include "epfleet/timing/breakdown.h"
#include "epfleet/timing/calibrated_range.h"

namespace epfleet::timing {
namespace {

constexpr double kCurveEnd = 32'768.0;  // tokens of a GPU; straight beyond (all kernels are linear)
// 64 tokens an interval where times are straight but for a few kinks, else one.
std::size_t intervals(const PrefillLayer& layer) { return layer.is_smooth() ? 512 : 32'768; }

// Of the unit: each the largest over its GPUs, seconds of one micro-batch of one layer.
struct Slowest {
  double attn = 0.0, shared = 0.0, attn_shared = 0.0;
};

// The same whatever the overlap.
struct WholeStep {
  double dense = 0.0;  // seconds of the slowest GPU
  std::int64_t tokens = 0, unit_tokens = 0, sequences = 0;
  double mean_keys = 0.0;  // pairs per token of the GPU where it is largest
};

// The attention of a GPU's load by its tokens, prefix and pairs.
struct AttentionTime {
  Curve by_tokens;
  double per_prefix = 0.0, per_pair = 0.0;
  [[nodiscard]] double of(const PrefillLoad& load) const {
    return by_tokens.at(static_cast<double>(load.tokens)) + load.prefix_tokens * per_prefix +
           load.attention_pairs * per_pair;
  }
};

// Every GPU reads the keys in the way that is faster for its prompts.
struct FastestAttention {
  std::vector<AttentionTime> ways;
  [[nodiscard]] double of(const PrefillLoad& load) const {
    double fastest = ways.front().of(load);
    if (ways.size() > 1) [[unlikely]] {
      for (std::size_t i = 1; i < ways.size(); ++i) {
        fastest = std::min(fastest, ways[i].of(load));
      }
    }
    return fastest;
  }
};

FastestAttention moe_attention(const PrefillLayer& layer, double share) {
  FastestAttention fastest;
  for (const KeysRead keys : layer.ways_to_read()) {
    const PrefillLayer way = layer.reading(keys);
    fastest.ways.push_back(
        {Curve(kCurveEnd, intervals(way),
               [&](double tokens) { return way.attn(tokens * share, 0.0, 0.0).total(); }),
         share * way.attn_per_prefix_token_s(), share * way.attn_per_pair_s()});
  }
  return fastest;
}

// Of all dense layers, with what is beside attention.
FastestAttention dense_attention(const PrefillLayer& layer) {
  FastestAttention fastest;
  for (const KeysRead keys : layer.ways_to_read()) {
    const PrefillLayer way = layer.reading(keys);
    fastest.ways.push_back({Curve(kCurveEnd, intervals(way),
                                  [&](double tokens) { return way.dense_layers_fixed_s(tokens); }),
                            way.dense_layers_per_prefix_token_s(), way.dense_layers_per_pair_s()});
  }
  return fastest;
}

// One way to overlap.
struct Way {
  explicit Way(const PrefillLayer& of)
      : layer(of),
        share(1.0 / static_cast<double>(layer.layout().micro_batches())),
        attn(moe_attention(layer, share)),
        shared(kCurveEnd, intervals(layer),
               [&](double tokens) { return layer.shared(tokens * share).total(); }),
        launches_s(layer.launches_s()) {}

  [[nodiscard]] Slowest slowest(std::span<const PrefillLoad> loads) const {
    Slowest slow;
    for (const PrefillLoad& load : loads) {
      if (load.tokens <= 0) {
        continue;
      }
      const double attn_s = attn.of(load);
      const double shared_s = shared.at(static_cast<double>(load.tokens));
      slow.attn = std::max(slow.attn, attn_s);
      slow.shared = std::max(slow.shared, shared_s);
      slow.attn_shared = std::max(slow.attn_shared, attn_s + shared_s);
    }
    return slow;
  }
  [[nodiscard]] double unit_tokens(const WholeStep& step) const {  // of one micro-batch
    return static_cast<double>(step.unit_tokens) * share;
  }
  [[nodiscard]] PrefillHalf half(const Slowest& slow, const WholeStep& step) const {
    const double received = layer.received_tokens(unit_tokens(step));
    const double busiest = std::max(static_cast<double>(step.tokens) * share, received);
    return {.stages = {.attn_s = slow.attn,
                       .shared_s = slow.shared,
                       .mlp_s = layer.mlp(received).total(),
                       .dispatch_s = layer.dispatch_s(busiest),
                       .combine_s = layer.combine_s(busiest)},
            .attn_shared_s = slow.attn_shared};
  }

  PrefillLayer layer;
  double share;  // of a micro-batch in its GPU's tokens
  FastestAttention attn;
  Curve shared;       // by tokens of a GPU's step
  double launches_s;  // of the host, the least that a step takes
};

std::vector<Way> ways_of(const PrefillLayer& layer) {
  if (layer.layout().overlap != model::Overlap::Auto) {
    return {Way(layer)};
  }
  return {Way(layer.as(model::Overlap::DualBatch)), Way(layer.as(model::Overlap::None))};
}

}  // namespace

struct PrefillPricer::Tables {
  explicit Tables(const PrefillLayer& of)
      : layer(of), ways(ways_of(of)), dense(dense_attention(layer)), work(layer.work()) {}

  [[nodiscard]] WholeStep whole(std::span<const PrefillLoad> loads) const;

  PrefillLayer layer;
  std::vector<Way> ways;  // the fastest is taken, step by step
  FastestAttention dense;
  PrefillWork work;
};

PrefillPricer::PrefillPricer(const PrefillLayer& layer)
    : tables_(std::make_shared<const Tables>(layer)) {}

const PrefillWork& PrefillPricer::work() const { return tables_->work; }

WholeStep PrefillPricer::Tables::whole(std::span<const PrefillLoad> loads) const {
  WholeStep step;
  for (const PrefillLoad& load : loads) {
    if (load.tokens <= 0) {
      continue;
    }
    const auto tokens = static_cast<double>(load.tokens);
    step.dense = std::max(step.dense, dense.of(load));
    step.tokens = std::max<std::int64_t>(step.tokens, load.tokens);
    step.unit_tokens += load.tokens;
    step.sequences = std::max<std::int64_t>(step.sequences, load.sequences);
    step.mean_keys = std::max(step.mean_keys, load.attention_pairs / tokens);
  }
  return step;
}

StepPrice PrefillPricer::price(std::span<const PrefillLoad> loads) const {
  const Tables& t = *tables_;
  EPFLEET_CHECK(static_cast<std::int64_t>(loads.size()) == t.layer.layout().gpus,
                "a prefill step has a load for every GPU of the unit");
  const WholeStep step = t.whole(loads);
  EPFLEET_CHECK(step.unit_tokens > 0, "a prefill step computes at least one token");

  const double head = t.layer.head_s(static_cast<double>(step.sequences));
  const double layers = static_cast<double>(t.layer.moe_layer_equivalents());
  const Way* taken = nullptr;
  double seconds = 0.0;
  for (const Way& way : t.ways) {
    const double one_layer_s = layer_s(way.layer, way.half(way.slowest(loads), step));
    const double way_s = std::max(layers * one_layer_s + step.dense + head, way.launches_s);
    if (taken == nullptr || way_s < seconds) {
      taken = &way;
      seconds = way_s;
    }
  }
  return {
      .duration = base::duration_from_seconds(seconds),
      .expert_imbalance = taken->layer.imbalance(taken->unit_tokens(step)),
      .out_of_range = is_outside(kPrefillRanges, {static_cast<double>(step.tokens), step.mean_keys,
                                                  static_cast<double>(t.layer.layout().gpus)})};
}

PrefillHalf PrefillPricer::stages(std::span<const PrefillLoad> loads) const {
  const Way& way = tables_->ways.front();
  return way.half(way.slowest(loads), tables_->whole(loads));
}

}  // namespace epfleet::timing
