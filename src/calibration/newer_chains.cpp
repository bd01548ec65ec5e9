// Chains of newer tables: a decode layer of V3 in which small kernels stand for others, and the
// sparse attention of a V3.2 layer in decode. Without communication.
#include <fmt/format.h>

#include <span>
#include <string_view>
#include <vector>

#include "kernel_rows.h"

namespace epfleet::calibration {
namespace {

using timing::Kernels;

double real(std::int64_t value) { return static_cast<double>(value); }

struct Chain {
  std::int64_t batch = 0, keys = 0, groups = 0, per_group = 0;
};

struct Op {
  std::string_view name;
  double (*seconds)(const Kernels&, const Chain&);
};

const model::Model kModel{};
constexpr std::int64_t kHidden = 7168, kQueryLatent = 1536, kLatent = 512, kInter = 2048;

double batch(const Chain& c) { return real(c.batch); }

double experts(const Kernels& on, const Chain& c, std::int64_t n, std::int64_t k) {
  return on.fp8().masked(real(c.groups * c.per_group), real(c.groups), n, k);
}

constexpr Op kGapOps[] = {
    {"add_rmsnorm", [](auto& on, auto& c) { return on.add_rmsnorm(batch(c), kHidden); }},
    {"quant7168", [](auto& on, auto& c) { return on.quantise(batch(c), kHidden); }},
    {"qkv_down", [](auto& on, auto& c) { return on.fp8().dense(batch(c), 2112, kHidden); }},
    {"q_norm", [](auto& on, auto& c) { return on.norm(batch(c), kQueryLatent); }},
    {"quant1536", [](auto& on, auto& c) { return on.quantise(batch(c), kQueryLatent); }},
    {"q_up", [](auto& on, auto& c) { return on.fp8().dense(batch(c), 24576, kQueryLatent); }},
    {"absorb_q",
     [](auto& on, auto& c) { return on.bf16_batched_gemm(kModel.heads, batch(c), 512, 128); }},
    {"small512", [](auto& on, auto& c) { return on.norm(batch(c), kLatent); }},
    {"mla",
     [](auto& on, auto& c) {
       const std::vector<std::int64_t> lengths(static_cast<std::size_t>(c.batch), c.keys);
       return on.mla().lengths(kModel, lengths, 1);
     }},
    {"absorb_v",
     [](auto& on, auto& c) { return on.bf16_batched_gemm(kModel.heads, batch(c), 128, 512); }},
    {"quant16384", [](auto& on, auto& c) { return on.quantise(batch(c), 16384); }},
    {"o_proj", [](auto& on, auto& c) { return on.fp8().dense(batch(c), kHidden, 16384); }},
    {"add_rmsnorm2", [](auto& on, auto& c) { return on.add_rmsnorm(batch(c), kHidden); }},
    {"gate", [](auto& on, auto& c) { return on.gate_gemm(batch(c), 256, kHidden); }},
    {"small256", [](auto& on, auto& c) { return on.norm(batch(c), 256); }},
    {"quant7168b", [](auto& on, auto& c) { return on.quantise(batch(c), kHidden); }},
    {"shared_gate_up", [](auto& on, auto& c) { return on.fp8().dense(batch(c), 4096, kHidden); }},
    {"shared_silu", [](auto& on, auto& c) { return on.silu_quantise(batch(c), kInter); }},
    {"shared_down", [](auto& on, auto& c) { return on.fp8().dense(batch(c), kHidden, kInter); }},
    {"moe_gate_up", [](auto& on, auto& c) { return experts(on, c, 2 * kInter, kHidden); }},
    {"moe_silu",
     [](auto& on, auto& c) { return on.silu_quantise(real(c.groups * c.per_group), kInter); }},
    {"moe_down", [](auto& on, auto& c) { return experts(on, c, kHidden, kInter); }},
    {"combine_add", [](auto& on, auto& c) { return on.add_rmsnorm(batch(c), kHidden); }},
};

constexpr Op kSparseOps[] = {
    {"idx_wq_b", [](auto& on, auto& c) { return on.fp8().dense(batch(c), 8192, kQueryLatent); }},
    {"idx_wk", [](auto& on, auto& c) { return on.gate_gemm(batch(c), 128, kHidden); }},
    {"idx_weights_proj", [](auto& on, auto& c) { return on.gate_gemm(batch(c), 64, kHidden); }},
    {"idx_k_layernorm", [](auto& on, auto& c) { return on.add_rmsnorm(batch(c), 128); }},
    {"idx_rotate_mm",
     [](auto& on, auto& c) { return on.sparse().rotate_queries(sparse_model(), batch(c)); }},
    {"idx_quant_q", [](auto& on, auto& c) { return on.sparse().quantise_queries(batch(c)); }},
    {"idx_quant_k", [](auto& on, auto& c) { return on.quantise(batch(c), 128); }},
    {"kv_quant_store",
     [](auto& on, auto& c) { return on.sparse().store_kv(sparse_model(), batch(c)); }},
    {"paged_mqa_logits",
     [](auto& on, auto& c) {
       return on.sparse().indexer_decode(sparse_model(), batch(c), batch(c) * real(c.keys), 1.0);
     }},
    {"topk", [](auto& on,
                auto& c) { return on.sparse().topk_rows(sparse_model(), c.batch, real(c.keys)); }},
    {"sparse_mla",
     [](auto& on, auto& c) {
       return on.sparse().decode(sparse_model(), batch(c), real(c.keys), 1.0);
     }},
};

Predict sum_of(std::span<const Op> ops, const RowOf& row, const Chain& chain) {
  // launches that an operation makes beside its own are in its time, but not the gaps after them
  const auto launches =
      static_cast<double>(row.whole_or("launches", static_cast<std::int64_t>(ops.size())));
  return [=](const Machine& machine) {
    const Kernels on = kernels_of(machine);
    double sum = launches * on.gap();
    for (const Op& op : ops) {
      sum += op.seconds(on, chain);
    }
    return sum;
  };
}

Predict one_of(std::span<const Op> ops, const RowOf& row, const Chain& chain) {
  const std::string& name = row.text("op");
  for (const Op& op : ops) {
    if (op.name == name) {
      return [chain, seconds = op.seconds](const Machine& machine) {
        return seconds(kernels_of(machine), chain);
      };
    }
  }
  std::string known;
  for (const Op& op : ops) {
    known += (known.empty() ? "" : ", ") + std::string(op.name);
  }
  throw row.table.problem(row.row, "op", fmt::format("'{}' is not an operation of it", name),
                          "it is one of " + known);
}

Chain gap_chain(const RowOf& row) {
  return {.batch = row.whole("batch"),
          .keys = row.whole("kv"),
          .groups = row.whole("groups"),
          .per_group = row.whole("tok_per_group")};
}

Chain sparse_chain(const RowOf& row) {
  return {.batch = row.whole("batch"), .keys = row.whole("ctx")};
}

}  // namespace

Predict predict_chain_gap(const RowOf& row) { return sum_of(kGapOps, row, gap_chain(row)); }
Predict predict_chain_gap_op(const RowOf& row) { return one_of(kGapOps, row, gap_chain(row)); }
Predict predict_chain_v32(const RowOf& row) { return sum_of(kSparseOps, row, sparse_chain(row)); }
Predict predict_chain_v32_op(const RowOf& row) {
  return one_of(kSparseOps, row, sparse_chain(row));
}

}  // namespace epfleet::calibration
