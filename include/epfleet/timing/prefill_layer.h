// The stages of one prefill layer on one GPU, from kernels and collectives: what the pricer's
// curves hold and what `epfleet timing prefill` prints.
//
// Modelled: every kernel of a layer; with overlap, compute has the SMs that communication leaves,
//   and is slowed by what runs beside it.
//   Sparse attention scores all pairs and chooses keys; then it reads all of them, masked, or the
//   chosen ones.
// Left out: how the queries of a GPU divide into prompts, but for their (query, key) pairs. Sparse
//   prompts that are no longer than the keys chosen need no indexer's scores; KV that does not fit
//   L2 (sparse attention is 14-18 % slower at 65-131 k).
// Source: kernel list of DeepSeek's training trace and of epfleet's H100 chains; constants:
//   hardware/profile.h.
#pragma once

#include <cstdint>
#include <span>

#include "epfleet/hardware/profile.h"
#include "epfleet/model/layout.h"
#include "epfleet/timing/feed_forward.h"
#include "epfleet/timing/overlap.h"
#include "epfleet/timing/step_price.h"

namespace epfleet::timing {

// How a prefill step of sparse attention attends: to all keys with those that were not chosen
// masked, as dense attention does, which is faster for short prompts; or to the chosen ones on the
// shared latent, which costs the same whatever the context.
enum class KeysRead { All, Chosen };

class PrefillLayer {
 public:
  PrefillLayer(const hardware::HardwareProfile& hardware, const model::Model& model,
               const model::PrefillLayout& layout, const model::ExpertImbalance& imbalance,
               Clock clock = Clock::Sustained);
  // The same unit with that overlap instead.
  [[nodiscard]] PrefillLayer as(model::Overlap overlap) const;
  // The same unit run by that engine instead.
  [[nodiscard]] PrefillLayer run_by(const model::Engine& engine) const;
  // The same unit reading those keys instead. REQUIRES: sparse attention, or all of them.
  [[nodiscard]] PrefillLayer reading(KeysRead keys) const;
  // The ways to attend that the model has; All first.
  [[nodiscard]] std::span<const KeysRead> ways_to_read() const;

  // One GPU, one micro-batch of that many new tokens; nothing for none. ATTN is linear in the
  // prefix and in the pairs: attn(t, 0, 0) + prefix x slope + pairs x slope.
  [[nodiscard]] ComputeTime attn(double tokens, double prefix_tokens, double pairs) const;
  [[nodiscard]] ComputeTime shared(double tokens) const {
    return shared_expert(kernels(), model_, width_, tokens) * slowdown();
  }
  [[nodiscard]] double attn_per_prefix_token_s() const {
    return prefix_token_s(kernels()) * slowdown();
  }
  [[nodiscard]] double attn_per_pair_s() const { return pair_s(kernels()) * slowdown(); }
  // Tokens whose experts' rows the most loaded GPU computes, in units of the mean GPU's tokens:
  // mean x imbalance, for one micro-batch of that many tokens in the whole unit.
  [[nodiscard]] double received_tokens(double unit_tokens) const {
    return unit_tokens / static_cast<double>(layout_.gpus) * imbalance(unit_tokens);
  }
  [[nodiscard]] double imbalance(double unit_tokens) const {
    return imbalance_at(imbalance_, unit_tokens);
  }
  [[nodiscard]] ComputeTime mlp(double received_tokens) const;
  // `busiest`: the larger of what the fullest GPU sends and what the most loaded one receives.
  [[nodiscard]] double dispatch_s(double busiest_tokens) const {
    return all_to_all().dispatch_barrier(busiest_tokens) +
           all_to_all().dispatch_core(width_.dispatched(busiest_tokens));
  }
  [[nodiscard]] double combine_s(double busiest_tokens) const {
    return all_to_all().combine_barrier(busiest_tokens) + all_to_all().combine_core(busiest_tokens);
  }
  [[nodiscard]] const NormalAllToAll& all_to_all() const {
    return layout_.dual_batch() ? beside_compute_ : alone_;
  }

  // Once per step and GPU, whole batch, all SMs, without prefix and pairs: the dense layers; and
  // what the MTP module adds to one more MoE layer (its projection).
  [[nodiscard]] double dense_layers_fixed_s(double tokens) const;
  [[nodiscard]] double dense_layers_per_prefix_token_s() const;
  [[nodiscard]] double dense_layers_per_pair_s() const;
  [[nodiscard]] double head_s(double sequences) const;  // head and sampling of prompts that end
  // The host's launches of a step: the least that it takes.
  [[nodiscard]] double launches_s() const;

  // All GPUs alike: one micro-batch per GPU of that size.
  [[nodiscard]] PrefillHalf even_half(double tokens, double prefix_tokens, double pairs) const;

  // Linear work of a chunk's attention stage at large batches, all MoE layers.
  [[nodiscard]] PrefillWork work() const;

  // Whether its times are straight lines but for a few kinks (not so by the law of tiles).
  [[nodiscard]] bool is_smooth() const { return kernels().fp8().is_monotone(); }

  [[nodiscard]] const model::PrefillLayout& layout() const { return layout_; }
  [[nodiscard]] const model::Model& model() const { return model_; }
  [[nodiscard]] std::int64_t moe_layer_equivalents() const;  // MoE layers and the MTP module

 private:
  [[nodiscard]] const Kernels& kernels() const {
    return layout_.dual_batch() ? beside_communication_ : all_sms_;
  }
  // Of computing, beside transfers.
  [[nodiscard]] double slowdown() const { return layout_.dual_batch() ? beside_transfers_ : 1.0; }
  [[nodiscard]] ComputeTime attn_linear(const Kernels& kernels, double tokens) const;
  [[nodiscard]] double kv_up_per_token_s(const Kernels& kernels) const;
  [[nodiscard]] double prefix_token_s(const Kernels& kernels) const;
  [[nodiscard]] double pair_s(const Kernels& kernels) const;
  void add_all_keys(const Kernels& kernels, double tokens, ComputeTime& time) const;
  void add_chosen_keys(const Kernels& kernels, double tokens, ComputeTime& time) const;
  void add_indexer(const Kernels& kernels, double tokens, ComputeTime& time) const;

  model::Model model_;
  model::PrefillLayout layout_;
  model::ExpertImbalance imbalance_;
  ExpertWidth width_;
  Kernels beside_communication_;
  Kernels all_sms_;  // without overlap; dense layers and head: nothing to communicate
  double beside_transfers_;
  NormalAllToAll beside_compute_, alone_;
  KeysRead keys_ = KeysRead::All;
};

}  // namespace epfleet::timing
