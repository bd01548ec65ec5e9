// Whole layers as chains of their kernels, without communication: the columns of chain_*.csv.
#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "layer_ops.h"

namespace epfleet::calibration {
namespace {

// Beside those that other chains have too.
constexpr LayerOp kOwnOps[] = {
    {"q_norm", [](auto& on, auto& c) { return on.norm(tokens_of(c), kQueryLatent + kLatent); }},
    {"topk", [](auto& on, auto& c) { return on.topk(tokens_of(c), 256); }},
    // eight BF16 rows of a token in, one out
    {"moe_combine",
     [](auto& on, auto& c) { return on.elementwise(18.0 * tokens_of(c) * kHidden); }},
};

constexpr LayerOp kDecodeOps[] = {
    {"rope_kvwrite",
     [](auto& on, auto& c) { return on.elementwise(4.0 * tokens_of(c) * (128.0 * 64.0 + 576.0)); }},
};

constexpr LayerOp kPrefillOps[] = {
    {"quant512", [](auto& on, auto& c) { return on.quantise(tokens_of(c), kLatent); }},
    {"kv_up", [](auto& on, auto& c) { return on.fp8().dense(tokens_of(c), 32768, kLatent); }},
    // keys of every head: the up-projected part is read, the whole is written
    {"k_concat",
     [](auto& on, auto& c) {
       return on.elementwise(2.0 * tokens_of(c) * 128.0 * (128.0 + 192.0));
     }},
    {"attn",
     [](auto& on, auto& c) {
       return on.prefill_attention_chunks(model::Model{},
                                          std::max<std::int64_t>(1, c.tokens / c.keys),
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
std::vector<LayerOp> ops_of(const Chain& chain) {
  std::vector<LayerOp> ops(std::begin(kLayerOps), std::end(kLayerOps));
  const auto add = [&ops](std::span<const LayerOp> more) {
    ops.insert(ops.end(), more.begin(), more.end());
  };
  add(kOwnOps);
  if (chain.prefill) {
    add(kPrefillOps);
  } else {
    add(kDecodeCoreOps);
    add(kDecodeOps);
  }
  return ops;
}

}  // namespace

Predict predict_chain(const RowOf& row) {
  return [chain = chain_of(row)](const Machine& machine) {
    const timing::Kernels on = kernels_of(machine, chain.sms);
    double sum = 0.0;
    for (const LayerOp& op : ops_of(chain)) {
      sum += op.seconds(on, chain) + on.gap();
    }
    return sum;
  };
}

Predict predict_chain_op(const RowOf& row) {
  const Chain chain = chain_of(row);
  const std::string& name = row.text("op");
  for (const LayerOp& op : ops_of(chain)) {
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
