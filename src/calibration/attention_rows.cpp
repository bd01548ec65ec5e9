// Rows of attention kernels: dense, and the parts of sparse attention.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "epfleet/base/arithmetic.h"
#include "epfleet/base/time.h"
#include "kernel_rows.h"

namespace epfleet::calibration {
namespace {

using base::real;

constexpr double kTinyLaunch = 1.2e-6;  // measured alone

// What combines partial results is quicker since FlashMLA of 2026, which the profiles know from
// models with few heads; a row may name its revision.
Machine with_revision(const Machine& machine, const std::string& revision,
                      hardware::HardwareProfile& changed) {
  if (revision != kFlashMla2026) {
    return machine;
  }
  changed = machine.hardware;
  changed.mla_split_fixed = changed.mla_few_heads_split_fixed;
  return {changed, machine.clock};
}

std::vector<std::int64_t> lengths_of(const RowOf& row, std::int64_t batch) {
  const bool ragged = row.has("ragged") && row.whole("ragged", 0) != 0;
  if (!ragged) {
    return std::vector<std::int64_t>(static_cast<std::size_t>(batch),
                                     row.whole_of({"kv_len", "ctx", "n"}));
  }
  const auto known = row.has("case_id") ? row.lengths.find(row.text("case_id")) : row.lengths.end();
  if (known == row.lengths.end()) {
    return {};
  }
  if (known->second.size() != static_cast<std::size_t>(batch)) {
    throw row.table.problem(
        row.row, "case_id",
        fmt::format("the case has {} lengths, the batch {}", known->second.size(), batch),
        "check the file of lengths");
  }
  return known->second;
}

std::int64_t batch_of(const RowOf& row) {
  return row.whole_of({"batch", "tokens_or_batch", "m"}, 1, kMostListed);
}

// KV tokens of a batch: as the row says, or equal lengths.
std::int64_t kv_tokens_of(const RowOf& row, std::int64_t batch) {
  return row.has("total_kv_tokens") ? row.whole("total_kv_tokens")
                                    : batch * row.whole_of({"ctx", "kv_len", "n"});
}

}  // namespace

// A ragged batch whose lengths are not known is priced as one of mixed lengths.
Predict predict_mla_decode(const RowOf& row) {
  const std::string what = row.text_or("what");
  if (what == "combine" || what == "metadata" || what == "tiny") {
    return {};
  }
  const model::Model model = row.model();
  const std::int64_t batch = batch_of(row);
  const std::int64_t s_q = row.query_tokens();
  const double more = what.ends_with("+tiny") ? kTinyLaunch : 0.0;
  const std::string revision = row.text_or("rev");
  const std::vector<std::int64_t> lengths = lengths_of(row, batch);
  const double total = lengths.empty() ? real(row.whole("total_kv_tokens")) : 0.0;
  return [=](const Machine& machine) {
    hardware::HardwareProfile changed;
    const timing::Kernels on = kernels_of(with_revision(machine, revision, changed));
    const timing::MlaDecode& mla = on.mla();
    return lengths.empty()   ? mla.mixed(model, real(batch), total, real(s_q)) + more
           : what == "split" ? mla.split_part(model, lengths, s_q)
                             : mla.lengths(model, lengths, s_q) + more;
  };
}

// Dense and sparse attention side by side, by their column `kernel`.
Predict predict_mla_parts(const RowOf& row) {
  return row.text_or("kernel") == "sparse" ? predict_sparse_decode(row) : predict_mla_decode(row);
}

Predict predict_attn_prefill(const RowOf& row) {
  const std::int64_t batch = row.whole_of({"batch", "m"}, 1, kMostListed);
  const std::int64_t tokens = row.whole_of({"q_len", "n"});
  const std::int64_t prefix = row.whole_of({"prefix", "k"}, 0);
  return [=, model = row.model()](const Machine& machine) {
    return kernels_of(machine).prefill_attention_chunks(model, batch, tokens, prefix);
  };
}

Predict predict_sparse_decode(const RowOf& row) {
  const std::int64_t batch = batch_of(row);
  const std::int64_t context = row.whole_of({"ctx", "kv_len", "n"});
  const std::int64_t s_q = row.query_tokens();
  return [=, model = row.model()](const Machine& machine) {
    return kernels_of(machine).sparse().decode(model, real(batch), real(context), real(s_q));
  };
}

Predict predict_sparse_prefill(const RowOf& row) {
  const std::int64_t tokens = row.whole_of({"tokens", "m"});
  const std::int64_t kv_len = row.whole_of({"kv_len", "n"});
  const bool padded = row.text_or("mode") != "len";
  return [=, model = row.model()](const Machine& machine) {
    return kernels_of(machine).sparse().prefill(model, tokens, kv_len, padded);
  };
}

// With the fill of what causality leaves out, which is a kernel of its own.
Predict predict_indexer_prefill(const RowOf& row) {
  const std::int64_t tokens = row.whole_of({"tokens", "tokens_or_batch", "m"});
  const std::int64_t kv_len = row.whole_of({"kv_len", "n"});
  if (kv_len < tokens) {
    throw row.table.problem(row.row, row.has("kv_len") ? "kv_len" : "n",
                            fmt::format("{} keys of {} tokens", kv_len, tokens),
                            "keys are the prefix and the tokens themselves");
  }
  const double filled =
      row.has("clean") && row.whole("clean", 0) != 0 ? 2.0 * real(tokens) * real(tokens) : 0.0;
  return [=, model = row.indexer_model()](const Machine& machine) {
    const timing::Kernels on = kernels_of(machine);
    return on.sparse().indexer_prefill(model, tokens, kv_len - tokens) + on.elementwise(filled);
  };
}

Predict predict_indexer_decode(const RowOf& row) {
  const std::int64_t batch = batch_of(row);
  const std::int64_t tokens = kv_tokens_of(row, batch);
  const std::int64_t s_q = row.query_tokens();
  return [=, model = row.indexer_model()](const Machine& machine) {
    return kernels_of(machine).sparse().indexer_decode(model, real(batch), real(tokens), real(s_q));
  };
}

// Row i of a causal chunk has i + 1 scores beside the prefix.
Predict predict_topk(const RowOf& row) {
  if (row.text_or("kernel").starts_with("torch")) {
    return {};
  }
  const std::int64_t rows = row.whole("rows");
  const std::int64_t length = row.whole("length");
  const bool causal = row.text_or("phase") == "prefill_causal";
  model::Model model;
  model.index_topk = row.whole_or("topk", model.index_topk);
  return [=](const Machine& machine) {
    return kernels_of(machine).sparse().topk_rows(model, rows, [=](std::int64_t i) {
      return causal ? std::max(1.0, real(length - rows + i + 1)) : real(length);
    });
  };
}

}  // namespace epfleet::calibration
