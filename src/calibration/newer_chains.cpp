// Chains of newer tables: a decode layer of V3 in which small kernels stand for others, and the
// sparse attention of a V3.2 layer in decode. Without communication.
#include <fmt/format.h>

#include <iterator>
#include <string_view>
#include <vector>

#include "layer_ops.h"

namespace epfleet::calibration {
namespace {

// Beside what every layer has: small kernels that stand for the choice of experts, rotary position
// and the sum of the experts' results.
constexpr LayerOp kGapOps[] = {
    {"q_norm", [](auto& on, auto& c) { return on.norm(tokens_of(c), kQueryLatent); }},
    {"small512", [](auto& on, auto& c) { return on.norm(tokens_of(c), kLatent); }},
    {"small256", [](auto& on, auto& c) { return on.norm(tokens_of(c), 256); }},
    {"combine_add", [](auto& on, auto& c) { return on.add_rmsnorm(tokens_of(c), kHidden); }},
};

constexpr LayerOp kSparseOps[] = {
    {"idx_wq_b",
     [](auto& on, auto& c) { return on.fp8().dense(tokens_of(c), 8192, kQueryLatent); }},
    {"idx_wk", [](auto& on, auto& c) { return on.gate_gemm(tokens_of(c), 128, kHidden); }},
    {"idx_weights_proj", [](auto& on, auto& c) { return on.gate_gemm(tokens_of(c), 64, kHidden); }},
    {"idx_k_layernorm", [](auto& on, auto& c) { return on.add_rmsnorm(tokens_of(c), 128); }},
    {"idx_rotate_mm",
     [](auto& on, auto& c) { return on.sparse().rotate_queries(sparse_model(), tokens_of(c)); }},
    {"idx_quant_q", [](auto& on, auto& c) { return on.sparse().quantise_queries(tokens_of(c)); }},
    {"idx_quant_k", [](auto& on, auto& c) { return on.quantise(tokens_of(c), 128); }},
    {"kv_quant_store",
     [](auto& on, auto& c) { return on.sparse().store_kv(sparse_model(), tokens_of(c)); }},
    {"paged_mqa_logits",
     [](auto& on, auto& c) {
       return on.sparse().indexer_decode(sparse_model(), tokens_of(c),
                                         tokens_of(c) * static_cast<double>(c.keys), 1.0);
     }},
    {"topk",
     [](auto& on, auto& c) {
       return on.sparse().topk_rows(sparse_model(), c.tokens, static_cast<double>(c.keys));
     }},
    {"sparse_mla",
     [](auto& on, auto& c) {
       return on.sparse().decode(sparse_model(), tokens_of(c), static_cast<double>(c.keys), 1.0);
     }},
};

using Ops = std::vector<LayerOp>;

Ops gap_ops() {
  Ops ops(std::begin(kLayerOps), std::end(kLayerOps));
  ops.insert(ops.end(), std::begin(kDecodeCoreOps), std::end(kDecodeCoreOps));
  ops.insert(ops.end(), std::begin(kGapOps), std::end(kGapOps));
  return ops;
}

Ops sparse_ops() { return {std::begin(kSparseOps), std::end(kSparseOps)}; }

Predict sum_of(const Ops& ops, const RowOf& row, const Chain& chain) {
  // launches that an operation makes beside its own are in its time, but not the gaps after them
  const auto launches =
      static_cast<double>(row.whole_or("launches", static_cast<std::int64_t>(ops.size())));
  return [=](const Machine& machine) {
    const timing::Kernels on = kernels_of(machine);
    double sum = launches * on.gap();
    for (const LayerOp& op : ops) {
      sum += op.seconds(on, chain);
    }
    return sum;
  };
}

Predict one_of(const Ops& ops, const RowOf& row, const Chain& chain) {
  const std::string& name = row.text("op");
  for (const LayerOp& op : ops) {
    if (op.name == name) {
      return [chain, seconds = op.seconds](const Machine& machine) {
        return seconds(kernels_of(machine), chain);
      };
    }
  }
  std::string known;
  for (const LayerOp& op : ops) {
    known += (known.empty() ? "" : ", ") + std::string(op.name);
  }
  throw row.table.problem(row.row, "op", fmt::format("'{}' is not an operation of it", name),
                          "it is one of " + known);
}

Chain gap_chain(const RowOf& row) {
  return {.tokens = row.whole("batch"),
          .keys = row.whole("kv"),
          .groups = row.whole("groups"),
          .per_group = row.whole("tok_per_group")};
}

Chain sparse_chain(const RowOf& row) {
  return {.tokens = row.whole("batch"), .keys = row.whole("ctx")};
}

}  // namespace

Predict predict_chain_gap(const RowOf& row) { return sum_of(gap_ops(), row, gap_chain(row)); }
Predict predict_chain_gap_op(const RowOf& row) { return one_of(gap_ops(), row, gap_chain(row)); }
Predict predict_chain_v32(const RowOf& row) { return sum_of(sparse_ops(), row, sparse_chain(row)); }
Predict predict_chain_v32_op(const RowOf& row) {
  return one_of(sparse_ops(), row, sparse_chain(row));
}

}  // namespace epfleet::calibration
