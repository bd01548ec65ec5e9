#include "epfleet/timing/prefill_pricer.h"

#include <algorithm>

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

// Of the unit: each the largest over its GPUs, seconds of one micro-batch of one layer unless said.
struct Slowest {
  double attn = 0.0, shared = 0.0, attn_shared = 0.0;
  double dense = 0.0;  // whole step
  std::int64_t tokens = 0, unit_tokens = 0, sequences = 0;
  double mean_keys = 0.0;  // pairs per token of the GPU where it is largest
};

}  // namespace

struct PrefillPricer::Tables {
  explicit Tables(const PrefillLayer& of)
      : layer(of),
        gpus(static_cast<double>(layer.layout().gpus)),
        share(1.0 / static_cast<double>(layer.layout().micro_batches())),
        attn(kCurveEnd, intervals(layer),
             [&](double tokens) { return layer.attn(tokens * share, 0.0, 0.0).total(); }),
        shared(kCurveEnd, intervals(layer),
               [&](double tokens) { return layer.shared(tokens * share).total(); }),
        dense(kCurveEnd, intervals(layer),
              [&](double tokens) { return layer.dense_layers_fixed_s(tokens); }),
        per_prefix(share * layer.attn_per_prefix_token_s()),
        per_pair(share * layer.attn_per_pair_s()),
        dense_per_prefix(layer.dense_layers_per_prefix_token_s()),
        dense_per_pair(layer.dense_layers_per_pair_s()),
        work(layer.work()) {}

  [[nodiscard]] Slowest slowest(std::span<const PrefillLoad> loads) const;
  [[nodiscard]] PrefillHalf half(const Slowest& slow) const;
  [[nodiscard]] double unit_tokens(const Slowest& slow) const {  // of one micro-batch
    return static_cast<double>(slow.unit_tokens) * share;
  }

  PrefillLayer layer;
  double gpus;
  double share;               // of a micro-batch in its GPU's tokens
  Curve attn, shared, dense;  // by tokens of a GPU's step
  double per_prefix, per_pair, dense_per_prefix, dense_per_pair;
  PrefillWork work;
};

PrefillPricer::PrefillPricer(const PrefillLayer& layer)
    : tables_(std::make_shared<const Tables>(layer)) {}

const PrefillWork& PrefillPricer::work() const { return tables_->work; }

Slowest PrefillPricer::Tables::slowest(std::span<const PrefillLoad> loads) const {
  Slowest slow;
  for (const PrefillLoad& load : loads) {
    if (load.tokens <= 0) {
      continue;
    }
    const auto tokens = static_cast<double>(load.tokens);
    const auto prefix = static_cast<double>(load.prefix_tokens);
    const double attn_s = attn.at(tokens) + prefix * per_prefix + load.attention_pairs * per_pair;
    const double shared_s = shared.at(tokens);
    slow.attn = std::max(slow.attn, attn_s);
    slow.shared = std::max(slow.shared, shared_s);
    slow.attn_shared = std::max(slow.attn_shared, attn_s + shared_s);
    slow.dense = std::max(slow.dense, dense.at(tokens) + prefix * dense_per_prefix +
                                          load.attention_pairs * dense_per_pair);
    slow.tokens = std::max<std::int64_t>(slow.tokens, load.tokens);
    slow.unit_tokens += load.tokens;
    slow.sequences = std::max<std::int64_t>(slow.sequences, load.sequences);
    slow.mean_keys = std::max(slow.mean_keys, load.attention_pairs / tokens);
  }
  return slow;
}

PrefillHalf PrefillPricer::Tables::half(const Slowest& slow) const {
  const double received = layer.received_tokens(unit_tokens(slow));
  const double busiest = std::max(static_cast<double>(slow.tokens) * share, received);
  return {.stages = {.attn_s = slow.attn,
                     .shared_s = slow.shared,
                     .mlp_s = layer.mlp(received).total(),
                     .dispatch_s = layer.dispatch_s(busiest),
                     .combine_s = layer.combine_s(busiest)},
          .attn_shared_s = slow.attn_shared};
}

StepPrice PrefillPricer::price(std::span<const PrefillLoad> loads) const {
  const Tables& t = *tables_;
  EPFLEET_CHECK(static_cast<std::int64_t>(loads.size()) == t.layer.layout().gpus,
                "a prefill step has a load for every GPU of the unit");
  const Slowest slow = t.slowest(loads);
  EPFLEET_CHECK(slow.unit_tokens > 0, "a prefill step computes at least one token");

  const double head = t.layer.head_s(static_cast<double>(slow.sequences));
  const double layers = static_cast<double>(t.layer.moe_layer_equivalents());
  const double seconds = layers * layer_s(t.layer, t.half(slow)) + slow.dense + head;
  return {.duration = base::duration_from_seconds(seconds),
          .expert_imbalance = t.layer.imbalance(t.unit_tokens(slow)),
          .out_of_range = is_outside(kPrefillRanges,
                                     {static_cast<double>(slow.tokens), slow.mean_keys, t.gpus})};
}

PrefillHalf PrefillPricer::stages(std::span<const PrefillLoad> loads) const {
  return tables_->half(tables_->slowest(loads));
}

}  // namespace epfleet::timing
