// The indexer of sparse attention (DeepSeek-V3.2) beside its scores: products and small kernels of
// one layer, the same in decode and prefill.
//
// Source: inference/model.py of deepseek-ai/DeepSeek-V3.2-Exp; the launches of epfleet's measured
//   chain of a layer.
#pragma once

#include "epfleet/model/model.h"
#include "epfleet/timing/kernels.h"

namespace epfleet::timing {

inline constexpr double kIndexerKernels = 8.0;

// Queries of all heads from their latent, one key, a weight per head; norm of the key, rotation and
// quantisation of both, the store of quantised KV. Without gaps. REQUIRES: tokens > 0.
[[nodiscard]] inline ComputeTime indexer_products(const Kernels& on, const model::Model& model,
                                                  double tokens) {
  return {.gemm_s = on.fp8().dense(tokens, model.index_heads * model.index_dim, model.q_lora) +
                    on.gate_gemm(tokens, model.index_dim, model.hidden) +
                    on.gate_gemm(tokens, model.index_heads, model.hidden),
          .other_s = on.norm(tokens, model.index_dim) + on.sparse().rotate_queries(model, tokens) +
                     on.sparse().quantise_queries(tokens) + on.quantise(tokens, model.index_dim) +
                     on.sparse().store_kv(model, tokens)};
}

}  // namespace epfleet::timing
