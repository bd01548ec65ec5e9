// Rows of attention kernels.
#include <fmt/format.h>

#include <vector>

#include "kernel_rows.h"

namespace epfleet::calibration {
namespace {

double real(std::int64_t value) { return static_cast<double>(value); }

const model::Model kModel{};

}  // namespace

// A ragged batch whose lengths are not known is priced as one of mixed lengths.
Predict predict_mla_decode(const RowOf& row) {
  const std::string what = row.has("what") ? row.text("what") : "";
  if (what == "combine" || what == "metadata" || what == "tiny") {
    return {};
  }
  const std::int64_t batch = row.whole_of({"batch", "m"});
  const std::int64_t s_q = row.whole_of({"s_q", "k"});
  const double more = what.ends_with("+tiny") ? 1.2e-6 : 0.0;  // a launch, measured alone
  const bool ragged = row.has("ragged") && row.whole("ragged", 0) != 0;
  std::vector<std::int64_t> lengths;
  if (ragged) {
    const auto known =
        row.has("case_id") ? row.lengths.find(row.text("case_id")) : row.lengths.end();
    if (known == row.lengths.end()) {
      const auto total = real(row.whole("total_kv_tokens"));
      return [=](const Machine& machine) {
        return kernels_of(machine).mla().mixed(kModel, real(batch), total, real(s_q)) + more;
      };
    }
    lengths = known->second;
    if (lengths.size() != static_cast<std::size_t>(batch)) {
      throw row.table.problem(
          row.row, "case_id",
          fmt::format("the case has {} lengths, the batch {}", lengths.size(), batch),
          "check the file of lengths");
    }
  } else {
    lengths.assign(static_cast<std::size_t>(batch), row.whole_of({"kv_len", "n"}));
  }
  return [=](const Machine& machine) {
    return kernels_of(machine).mla().lengths(kModel, lengths, s_q) + more;
  };
}

Predict predict_attn_prefill(const RowOf& row) {
  const std::int64_t batch = row.whole_of({"batch", "m"});
  const std::int64_t tokens = row.whole_of({"q_len", "n"});
  const std::int64_t prefix = row.whole_of({"prefix", "k"}, 0);
  return [=](const Machine& machine) {
    return kernels_of(machine).prefill_attention_chunks(kModel, batch, tokens, prefix);
  };
}

}  // namespace epfleet::calibration
