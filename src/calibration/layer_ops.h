// The kernels of a layer that chains of several tables have in common, by the tables' names.
#pragma once

#include <string_view>
#include <vector>

#include "kernel_rows.h"

namespace epfleet::calibration {

// One GPU's layer: decode has `tokens` requests of `keys` each, prefill `tokens` tokens of prompts
// of `keys` each.
struct Chain {
  bool prefill = false;
  std::int64_t tokens = 0, keys = 0, groups = 0, per_group = 0;
  std::int64_t sms = 0;  // 0: all
};

struct LayerOp {
  std::string_view name;
  double (*seconds)(const timing::Kernels&, const Chain&);
};

inline double tokens_of(const Chain& c) { return static_cast<double>(c.tokens); }

inline double experts_of(const timing::Kernels& on, const Chain& c, std::int64_t n,
                         std::int64_t k) {
  const auto rows = static_cast<double>(c.groups * c.per_group);
  const auto groups = static_cast<double>(c.groups);
  return c.prefill ? on.fp8().contiguous(rows, groups, n, k) : on.fp8().masked(rows, groups, n, k);
}

inline constexpr std::int64_t kHidden = 7168, kQueryLatent = 1536, kLatent = 512, kInter = 2048;

// In prefill and decode.
inline constexpr LayerOp kLayerOps[] = {
    {"add_rmsnorm", [](auto& on, auto& c) { return on.add_rmsnorm(tokens_of(c), kHidden); }},
    {"quant7168", [](auto& on, auto& c) { return on.quantise(tokens_of(c), kHidden); }},
    {"qkv_down", [](auto& on, auto& c) { return on.fp8().dense(tokens_of(c), 2112, kHidden); }},
    {"quant1536", [](auto& on, auto& c) { return on.quantise(tokens_of(c), kQueryLatent); }},
    {"q_up", [](auto& on, auto& c) { return on.fp8().dense(tokens_of(c), 24576, kQueryLatent); }},
    {"quant16384", [](auto& on, auto& c) { return on.quantise(tokens_of(c), 16384); }},
    {"o_proj", [](auto& on, auto& c) { return on.fp8().dense(tokens_of(c), kHidden, 16384); }},
    {"add_rmsnorm2", [](auto& on, auto& c) { return on.add_rmsnorm(tokens_of(c), kHidden); }},
    {"gate", [](auto& on, auto& c) { return on.gate_gemm(tokens_of(c), 256, kHidden); }},
    {"quant7168b", [](auto& on, auto& c) { return on.quantise(tokens_of(c), kHidden); }},
    {"shared_gate_up",
     [](auto& on, auto& c) { return on.fp8().dense(tokens_of(c), 4096, kHidden); }},
    {"shared_silu", [](auto& on, auto& c) { return on.silu_quantise(tokens_of(c), kInter); }},
    {"shared_down",
     [](auto& on, auto& c) { return on.fp8().dense(tokens_of(c), kHidden, kInter); }},
    {"moe_gate_up", [](auto& on, auto& c) { return experts_of(on, c, 2 * kInter, kHidden); }},
    {"moe_silu",
     [](auto& on, auto& c) {
       return on.silu_quantise(static_cast<double>(c.groups * c.per_group), kInter);
     }},
    {"moe_down", [](auto& on, auto& c) { return experts_of(on, c, kHidden, kInter); }},
};

// The attention core of decode.
inline constexpr LayerOp kDecodeCoreOps[] = {
    {"absorb_q",
     [](auto& on, auto& c) {
       return on.bf16_batched_gemm(model::Model{}.heads, tokens_of(c), 512, 128);
     }},
    {"mla",
     [](auto& on, auto& c) {
       const std::vector<std::int64_t> lengths(static_cast<std::size_t>(c.tokens), c.keys);
       return on.mla().lengths(model::Model{}, lengths, 1);
     }},
    {"absorb_v",
     [](auto& on, auto& c) {
       return on.bf16_batched_gemm(model::Model{}.heads, tokens_of(c), 128, 512);
     }},
};

}  // namespace epfleet::calibration
