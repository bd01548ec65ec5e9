// The stages of one decode layer on one GPU, from kernels and collectives: what the pricer's tables
// hold and what `epfleet timing decode` prints.
//
// Modelled: every kernel of the published decode profile, with a gap between kernels of a chain;
//   what the inference engine adds per kernel, and the batches that its graphs were captured for:
//   dense kernels run at the captured rows, dummy requests have one token of KV each, experts and
//   transfers see the true tokens.
//   Sparse attention adds the indexer, its scores of all KV and the choice of keys.
// Left out: ragged lengths inside a batch; the requests of a GPU count by their sum of KV. Sparse
//   attention of contexts shorter than the keys it chooses (a tenth less).
// Source: kernel list of DeepSeek's profile-data decode trace; constants: hardware/profile.h.
#pragma once

#include <cstdint>

#include "epfleet/hardware/profile.h"
#include "epfleet/model/layout.h"
#include "epfleet/timing/feed_forward.h"
#include "epfleet/timing/overlap.h"

namespace epfleet::timing {

class DecodeLayer {
 public:
  DecodeLayer(const hardware::HardwareProfile& hardware, const model::Model& model,
              const model::DecodeLayout& layout, const model::ExpertImbalance& imbalance,
              Clock clock = Clock::Sustained);
  // The same unit with that overlap, or that engine instead.
  [[nodiscard]] DecodeLayer as(model::Overlap overlap) const;
  [[nodiscard]] DecodeLayer run_by(const model::Engine& engine) const;

  // One GPU, one micro-batch of that many requests; nothing for none.
  [[nodiscard]] ComputeTime attn0(double requests) const;
  [[nodiscard]] ComputeTime attn1(double requests, double kv_tokens) const;
  [[nodiscard]] ComputeTime shared(double requests) const {
    return chain(shared_expert(kernels_, model_, width_, query_tokens(padded(requests))), 0.0);
  }
  // ATTN1 without the part that grows with KV, and that part per KV token.
  [[nodiscard]] double attn1_fixed_s(double requests) const;
  // Sparse attention chooses keys row by row, side by side: less per token the more requests.
  [[nodiscard]] double attn1_per_kv_token_s(double requests = 1.0) const;
  // What DISPATCH and COMBINE of that many requests take of the SMs, beside compute.
  [[nodiscard]] double dispatch_on_sms_s(double requests) const {
    return all_to_all().dispatch_on_sms(query_tokens(requests));
  }
  [[nodiscard]] double combine_on_sms_s(double requests) const {
    return all_to_all().combine_on_sms(query_tokens(requests));
  }
  // The whole unit, one micro-batch of that many requests in all: requests whose experts' rows the
  // most loaded GPU computes, in units of the mean GPU's requests (mean x imbalance).
  [[nodiscard]] double received_requests(double unit_requests) const {
    return unit_requests / static_cast<double>(layout_.gpus) * imbalance(unit_requests);
  }
  [[nodiscard]] double imbalance(double unit_requests) const {
    return imbalance_at(imbalance_, query_tokens(unit_requests));
  }
  [[nodiscard]] ComputeTime mlp(double received_requests) const;
  // `busiest`: the larger of what the fullest GPU sends and what the most loaded one receives.
  [[nodiscard]] double dispatch_s(double busiest_requests) const {
    return all_to_all().dispatch(width_.dispatched(query_tokens(busiest_requests)));
  }
  [[nodiscard]] double combine_s(double busiest_requests) const {
    return all_to_all().combine(query_tokens(busiest_requests));
  }

  // Once per step and GPU, whole batch: all dense layers without their KV part; head, sampling and
  // what the MTP module adds to one more MoE layer (projection, head, sampling) per draft token.
  [[nodiscard]] double dense_layers_fixed_s(double requests) const;
  [[nodiscard]] double head_s(double requests) const;
  // The host's launches of a step: the least that it takes.
  [[nodiscard]] double launches_s() const;

  // All GPUs alike: one micro-batch of `requests` and `kv_tokens` per GPU.
  [[nodiscard]] DecodeStages even_stages(double requests, double kv_tokens) const;

  [[nodiscard]] const model::DecodeLayout& layout() const { return layout_; }
  [[nodiscard]] const model::Model& model() const { return model_; }
  [[nodiscard]] double moe_layer_equivalents() const;  // MoE layers and MTP modules of a step
  // Whether more requests never take less time (not so by the law of tiles).
  [[nodiscard]] bool is_monotone() const { return kernels_.fp8().is_monotone(); }

 private:
  [[nodiscard]] const LowLatencyAllToAll& all_to_all() const {
    return layout_.dual_batch() ? beside_compute_ : alone_;
  }
  [[nodiscard]] double query_tokens(double requests) const {
    return requests * static_cast<double>(layout_.tokens_per_request());
  }
  // What the dense kernels of a micro-batch, of the whole batch are priced for.
  [[nodiscard]] double padded(double requests) const {
    return layout_.engine.padded(requests, layout_.micro_batches());
  }
  [[nodiscard]] double padded_whole(double requests) const {
    return layout_.engine.padded(requests, 1);
  }
  // With what lies between its kernels.
  [[nodiscard]] ComputeTime chain(ComputeTime time, double kernels) const;
  // The attention core, a line in KV; what of sparse attention that line goes through.
  [[nodiscard]] double core_s(double requests, double kv_tokens) const;
  [[nodiscard]] double core_per_kv_token_s(double requests) const;
  [[nodiscard]] double sparse_core_s(double requests, double kv_tokens) const;
  // Of padded batches; `dummies` of the requests are no requests.
  [[nodiscard]] ComputeTime padded_attn0(double requests) const;
  [[nodiscard]] ComputeTime padded_attn1(double requests, double dummies, double kv_tokens) const;

  model::Model model_;
  model::DecodeLayout layout_;
  model::ExpertImbalance imbalance_;
  ExpertWidth width_;
  Kernels kernels_;
  LowLatencyAllToAll beside_compute_, alone_;
};

}  // namespace epfleet::timing
