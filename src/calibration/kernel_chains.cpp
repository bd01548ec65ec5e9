// Whole layers as chains of their kernels, without communication: the columns of chain_*.csv.
#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "kernel_rows.h"

namespace epfleet::calibration {
namespace {

using timing::Kernels;

double real(std::int64_t value) { return static_cast<double>(value); }

// One GPU's layer: decode has `tokens` requests of `keys` each, prefill `tokens` tokens of prompts
// of `keys` each.
struct Chain {
  bool prefill = false;
  std::int64_t tokens = 0, keys = 0, groups = 0, per_group = 0;
  std::int64_t sms = 0;  // 0: all
};

struct Op {
  std::string_view name;
  double (*seconds)(const Kernels&, const Chain&);
};

const model::Model kModel{};
constexpr std::int64_t kHidden = 7168, kQueryLatent = 1536, kLatent = 512, kInter = 2048;

double tokens(const Chain& c) { return real(c.tokens); }

double experts(const Kernels& on, const Chain& c, std::int64_t n, std::int64_t k) {
  const double rows = real(c.groups * c.per_group);
  const double groups = real(c.groups);
  return c.prefill ? on.fp8().contiguous(rows, groups, n, k) : on.fp8().masked(rows, groups, n, k);
}

// Every kernel of a layer, by the names of the tables.
constexpr Op kCommonOps[] = {
    {"add_rmsnorm", [](auto& on, auto& c) { return on.add_rmsnorm(tokens(c), kHidden); }},
    {"quant7168", [](auto& on, auto& c) { return on.quantise(tokens(c), kHidden); }},
    {"qkv_down", [](auto& on, auto& c) { return on.fp8().dense(tokens(c), 2112, kHidden); }},
    {"q_norm", [](auto& on, auto& c) { return on.norm(tokens(c), kQueryLatent + kLatent); }},
    {"quant1536", [](auto& on, auto& c) { return on.quantise(tokens(c), kQueryLatent); }},
    {"q_up", [](auto& on, auto& c) { return on.fp8().dense(tokens(c), 24576, kQueryLatent); }},
    {"quant16384", [](auto& on, auto& c) { return on.quantise(tokens(c), 16384); }},
    {"o_proj", [](auto& on, auto& c) { return on.fp8().dense(tokens(c), kHidden, 16384); }},
    {"add_rmsnorm2", [](auto& on, auto& c) { return on.add_rmsnorm(tokens(c), kHidden); }},
    {"gate", [](auto& on, auto& c) { return on.gate_gemm(tokens(c), 256, kHidden); }},
    {"topk", [](auto& on, auto& c) { return on.topk(tokens(c), 256); }},
    {"quant7168b", [](auto& on, auto& c) { return on.quantise(tokens(c), kHidden); }},
    {"shared_gate_up", [](auto& on, auto& c) { return on.fp8().dense(tokens(c), 4096, kHidden); }},
    {"shared_silu", [](auto& on, auto& c) { return on.silu_quantise(tokens(c), kInter); }},
    {"shared_down", [](auto& on, auto& c) { return on.fp8().dense(tokens(c), kHidden, kInter); }},
    {"moe_gate_up", [](auto& on, auto& c) { return experts(on, c, 2 * kInter, kHidden); }},
    {"moe_silu",
     [](auto& on, auto& c) { return on.silu_quantise(real(c.groups * c.per_group), kInter); }},
    {"moe_down", [](auto& on, auto& c) { return experts(on, c, kHidden, kInter); }},
    // eight BF16 rows of a token in, one out
    {"moe_combine", [](auto& on, auto& c) { return on.elementwise(18.0 * tokens(c) * kHidden); }},
};

constexpr Op kDecodeOps[] = {
    {"absorb_q",
     [](auto& on, auto& c) { return on.bf16_batched_gemm(kModel.heads, tokens(c), 512, 128); }},
    {"rope_kvwrite",
     [](auto& on, auto& c) { return on.elementwise(4.0 * tokens(c) * (128.0 * 64.0 + 576.0)); }},
    {"mla",
     [](auto& on, auto& c) {
       const std::vector<std::int64_t> lengths(static_cast<std::size_t>(c.tokens), c.keys);
       return on.mla().lengths(kModel, lengths, 1);
     }},
    {"absorb_v",
     [](auto& on, auto& c) { return on.bf16_batched_gemm(kModel.heads, tokens(c), 128, 512); }},
};

constexpr Op kPrefillOps[] = {
    {"quant512", [](auto& on, auto& c) { return on.quantise(tokens(c), kLatent); }},
    {"kv_up", [](auto& on, auto& c) { return on.fp8().dense(tokens(c), 32768, kLatent); }},
    // keys of every head: the up-projected part is read, the whole is written
    {"k_concat",
     [](auto& on, auto& c) { return on.elementwise(2.0 * tokens(c) * 128.0 * (128.0 + 192.0)); }},
    {"attn",
     [](auto& on, auto& c) {
       return on.prefill_attention_chunks(kModel, std::max<std::int64_t>(1, c.tokens / c.keys),
                                          std::min(c.tokens, c.keys), 0);
     }},
};

Chain chain_of(const RowOf& row) {
  const std::string& phase = row.text("phase");
  if (phase != "decode" && phase != "prefill") {
    throw row.table.problem(row.row, "phase", fmt::format("'{}' is no phase", phase),
                            "write decode or prefill");
  }
  return {.prefill = phase == "prefill",
          .tokens = row.whole("batch_or_tokens"),
          .keys = row.whole("kv_or_seq"),
          .groups = row.whole("groups"),
          .per_group = row.whole("tok_per_group"),
          .sms = row.whole_or("sms", 0)};
}

// The kernels of a layer of that phase.
std::vector<Op> ops_of(const Chain& chain) {
  std::vector<Op> ops(std::begin(kCommonOps), std::end(kCommonOps));
  const auto more =
      chain.prefill ? std::span<const Op>(kPrefillOps) : std::span<const Op>(kDecodeOps);
  ops.insert(ops.end(), more.begin(), more.end());
  return ops;
}

}  // namespace

Predict predict_chain(const RowOf& row) {
  return [chain = chain_of(row)](const Machine& machine) {
    const Kernels on = kernels_of(machine, chain.sms);
    double sum = 0.0;
    for (const Op& op : ops_of(chain)) {
      sum += op.seconds(on, chain) + on.gap();
    }
    return sum;
  };
}

Predict predict_chain_op(const RowOf& row) {
  const Chain chain = chain_of(row);
  const std::string& name = row.text("op");
  for (const Op& op : ops_of(chain)) {
    if (op.name == name) {
      return [chain, seconds = op.seconds](const Machine& machine) {
        return seconds(kernels_of(machine, chain.sms), chain);
      };
    }
  }
  throw row.table.problem(row.row, "op", fmt::format("'{}' is not an operation of a layer", name),
                          "see chain_ops_decode.csv and chain_ops_prefill.csv");
}

}  // namespace epfleet::calibration
