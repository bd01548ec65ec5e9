// DeepSeek-V3/R1 and models of its kind as numbers: shapes, and the bytes and floating-point
// operations that follow.
//
// Modelled: MLA attention over all keys or, as in DeepSeek-V3.2, over those that an indexer chooses
//   (KV in FP8 then); group-limited top-k routing, shared expert, one MTP module.
// Left out: other attention kinds; quantised KV of dense attention.
// Source: inference/configs/config_671B.json and README_WEIGHTS.md of deepseek-ai/DeepSeek-V3;
//   config.json and inference/model.py of deepseek-ai/DeepSeek-V3.2-Exp.
#pragma once

#include <algorithm>
#include <cstdint>

namespace epfleet::model {

// Dense: every key. Sparse: an indexer scores every key, attention reads the best of them.
enum class AttentionKind { Dense, Sparse };

struct Model {
  std::int64_t layers = 61;
  std::int64_t dense_layers = 3;  // the first ones: a dense FFN instead of experts
  std::int64_t mtp_layers = 1;    // draft modules, each one MoE layer
  std::int64_t hidden = 7168;
  std::int64_t heads = 128;
  std::int64_t q_lora = 1536;
  std::int64_t kv_lora = 512;
  std::int64_t nope = 128;  // head dimension without position
  std::int64_t rope = 64;   // head dimension with rotary position
  std::int64_t v_dim = 128;
  std::int64_t experts = 256;  // routed, per MoE layer
  std::int64_t top_k = 8;
  std::int64_t groups = 8;       // experts come in groups ...
  std::int64_t topk_groups = 4;  // ... and a token's experts lie in this many of them
  std::int64_t shared_experts = 1;
  std::int64_t moe_inter = 2048;
  std::int64_t dense_inter = 18432;
  std::int64_t vocab = 129280;
  AttentionKind attention = AttentionKind::Dense;
  // Of sparse attention only: the indexer's heads, their dimension, the keys that it chooses.
  std::int64_t index_heads = 64;
  std::int64_t index_dim = 128;
  std::int64_t index_topk = 2048;

  [[nodiscard]] constexpr bool is_sparse() const { return attention == AttentionKind::Sparse; }
  [[nodiscard]] constexpr std::int64_t moe_layers() const { return layers - dense_layers; }

  // Per token over all layers: 70,272; with the MTP module 71,424. Sparse: 48,068 and 48,856.
  [[nodiscard]] constexpr std::int64_t kv_bytes_per_token(bool mtp) const {
    return (layers + (mtp ? mtp_layers : 0)) * kv_bytes_per_token_layer();
  }
  [[nodiscard]] constexpr std::int64_t kv_bytes_per_token_layer() const {
    return is_sparse() ? sparse_kv_bytes() + index_key_bytes() : latent_bytes_per_token_layer();
  }
  // Latent and rotary key in BF16, as dense attention and sparse prefill read them: 1,152.
  [[nodiscard]] constexpr std::int64_t latent_bytes_per_token_layer() const {
    return kBf16 * (kv_lora + rope);
  }
  // What sparse decode reads: latent in FP8, an FP32 scale per 128, rotary key in BF16: 656.
  [[nodiscard]] constexpr std::int64_t sparse_kv_bytes() const {
    return kv_lora + kv_lora / kScaleBlock * kFp32 + kBf16 * rope;
  }
  // The indexer's key in FP8 and its scale: 132.
  [[nodiscard]] constexpr std::int64_t index_key_bytes() const {
    return index_dim + index_dim / kScaleBlock * kFp32;
  }

  // --- parameters
  [[nodiscard]] constexpr std::int64_t kv_b_parameters() const {
    return kv_lora * heads * (nope + v_dim);
  }
  [[nodiscard]] constexpr std::int64_t attention_parameters() const {  // per layer: 187.1 M
    return hidden * (q_lora + kv_lora + rope) + q_lora * heads * (nope + rope) + kv_b_parameters() +
           heads * v_dim * hidden + (is_sparse() ? indexer_parameters() : 0);
  }
  // Queries from their latent, one key for all heads, a weight per head: 14.0 M.
  [[nodiscard]] constexpr std::int64_t indexer_parameters() const {
    return q_lora * index_heads * index_dim + hidden * (index_dim + index_heads);
  }
  [[nodiscard]] constexpr std::int64_t expert_parameters() const { return 3 * hidden * moe_inter; }
  [[nodiscard]] constexpr std::int64_t dense_ffn_parameters() const {
    return 3 * hidden * dense_inter;
  }
  [[nodiscard]] constexpr std::int64_t router_parameters() const { return hidden * experts; }
  [[nodiscard]] constexpr std::int64_t head_parameters() const { return hidden * vocab; }

  // That one token passes: attention, its experts, router and head; 36.6 billion.
  [[nodiscard]] constexpr std::int64_t activated_parameters() const {
    return layers * attention_parameters() + dense_layers * dense_ffn_parameters() +
           moe_layers() * ((top_k + shared_experts) * expert_parameters() + router_parameters()) +
           head_parameters();
  }

  // --- floating-point operations; two per multiply-add
  // Core attention per (query, key) pair and layer. Prefill computes keys and values of every head:
  // 81,920; decode works on the shared latent (absorbed): 278,528.
  [[nodiscard]] constexpr double prefill_pair_flops() const {
    return 2.0 * static_cast<double>(heads * (nope + rope + v_dim));
  }
  [[nodiscard]] constexpr double decode_pair_flops() const {
    return 2.0 * static_cast<double>(heads * (kv_lora + rope + kv_lora));
  }

  // The same of a query with so many keys: sparse attention reads the chosen ones, in prefill in
  // the way that takes fewer operations, and scores all.
  [[nodiscard]] constexpr double prefill_query_flops(double keys) const {
    const double all = prefill_pair_flops() * keys;
    return is_sparse() ? std::min(all, decode_pair_flops() * chosen(keys)) + index_flops() * keys
                       : all;
  }
  [[nodiscard]] constexpr double decode_query_flops(double keys) const {
    return is_sparse() ? decode_pair_flops() * chosen(keys) + index_flops() * keys
                       : decode_pair_flops() * keys;
  }
  // Bytes of KV that a query reads of so many keys, per layer.
  [[nodiscard]] constexpr double decode_query_bytes(double keys) const {
    return is_sparse() ? static_cast<double>(sparse_kv_bytes()) * chosen(keys) +
                             static_cast<double>(index_key_bytes()) * keys
                       : static_cast<double>(kv_bytes_per_token_layer()) * keys;
  }

  static constexpr std::int64_t kBf16 = 2, kFp32 = 4;  // bytes
  static constexpr std::int64_t kScaleBlock = 128;     // FP8 values that share a scale

 private:
  [[nodiscard]] constexpr double chosen(double keys) const {
    return std::min(keys, static_cast<double>(index_topk));
  }
  [[nodiscard]] constexpr double index_flops() const {
    return 2.0 * static_cast<double>(index_heads * index_dim);
  }
};

}  // namespace epfleet::model
