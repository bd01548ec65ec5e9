// What the parsers of single kernels share: a row of a table turned into a prediction.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "epfleet/calibration/measured_kernels.h"
#include "epfleet/timing/kernels.h"

namespace epfleet::calibration {

using Predict = std::function<double(const Machine&)>;
using LengthLists = std::map<std::string, std::vector<std::int64_t>>;

// A row and what may be known beside it.
struct RowOf {
  const MeasuredTable& table;
  std::size_t row;
  const LengthLists& lengths;  // of ragged batches, by case_id

  [[nodiscard]] bool has(const std::string& column) const { return table.has(column); }
  [[nodiscard]] const std::string& text(const std::string& column) const {
    return table.text(row, column);
  }
  [[nodiscard]] std::int64_t whole(const std::string& column, std::int64_t least = 1,
                                   std::int64_t most = kMostOfShape) const {
    return table.whole(row, column, least, most);
  }
  // Of a column that the table may lack.
  [[nodiscard]] std::int64_t whole_or(const std::string& column, std::int64_t otherwise) const {
    return has(column) ? whole(column) : otherwise;
  }
  // Empty where the table lacks the column.
  [[nodiscard]] std::string text_or(const std::string& column) const {
    return has(column) ? text(column) : std::string{};
  }
  // The first of the columns that the table has.
  [[nodiscard]] std::int64_t whole_of(const std::vector<std::string>& columns,
                                      std::int64_t least = 1,
                                      std::int64_t most = kMostOfShape) const;
  // A column `heads`, or a name such as h64_sq2 or kimi_o_proj; else DeepSeek-V3's.
  [[nodiscard]] model::Model model() const;
  [[nodiscard]] model::Model indexer_model() const;  // `heads` are the indexer's
  // Of a table of two revisions: a row that only the newer one has.
  [[nodiscard]] bool has_newer_only() const;
  // DeepGEMM's, as the column `rev` says; of such rows the newer one.
  [[nodiscard]] std::string gemm_revision() const;
  // Columns s_q or next_n, a name such as h64_sq2 or nn2, else the column k.
  [[nodiscard]] std::int64_t query_tokens() const;
};

inline constexpr const char* kEarlierTime = "us_earlier";  // columns of two revisions
inline constexpr const char* kNewerTime = "us_2026";

// Revisions that tables name in a column `rev`.
inline constexpr const char* kFlashMla2026 = "9241ae3";
inline constexpr const char* kDeepGemm2026 = "54e2261";

[[nodiscard]] model::Model sparse_model();  // DeepSeek-V3.2

// On so many SMs, or all that there are; 0: all.
[[nodiscard]] timing::Kernels kernels_of(const Machine& machine, std::int64_t sms = 0);

// An empty function: no step uses the kernel.
[[nodiscard]] Predict predict_mla_decode(const RowOf& row);
[[nodiscard]] Predict predict_mla_parts(const RowOf& row);
[[nodiscard]] Predict predict_sparse_decode(const RowOf& row);
[[nodiscard]] Predict predict_sparse_prefill(const RowOf& row);
[[nodiscard]] Predict predict_indexer_prefill(const RowOf& row);
[[nodiscard]] Predict predict_indexer_decode(const RowOf& row);
[[nodiscard]] Predict predict_topk(const RowOf& row);
[[nodiscard]] Predict predict_attn_prefill(const RowOf& row);
[[nodiscard]] Predict predict_dense(const RowOf& row);
[[nodiscard]] Predict predict_sm108(const RowOf& row);
[[nodiscard]] Predict predict_masked(const RowOf& row);
[[nodiscard]] Predict predict_contiguous(const RowOf& row);
[[nodiscard]] Predict predict_misc(const RowOf& row);
[[nodiscard]] Predict predict_chain(const RowOf& row);
[[nodiscard]] Predict predict_chain_op(const RowOf& row);
[[nodiscard]] Predict predict_chain_gap(const RowOf& row);
[[nodiscard]] Predict predict_chain_gap_op(const RowOf& row);
[[nodiscard]] Predict predict_chain_v32(const RowOf& row);
[[nodiscard]] Predict predict_chain_v32_op(const RowOf& row);

}  // namespace epfleet::calibration
