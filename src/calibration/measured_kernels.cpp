#include "epfleet/calibration/measured_kernels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <ranges>

#include "epfleet/report/length_lists.h"
#include "kernel_rows.h"

namespace epfleet::calibration {
namespace {

constexpr const char* kLengthsFile = "mla_ragged_seqlens.json";
constexpr const char* kParts = "split_us + combine_us";

struct Parser {
  KernelName name;
  Predict (*predict)(const RowOf&);
  std::vector<std::string> others{};  // more names of the kernel in a column `kernel`
  bool knows_rows = false;            // a file of this name uses its column `kernel` itself
};

const std::vector<Parser>& parsers() {
  static const std::vector<Parser> kParsers{
      {{"mla_decode", "mla", "batch, kv_len, s_q; heads, rev, ragged, total_kv_tokens, case_id"},
       predict_mla_decode,
       {"mla_dense"}},
      {{"mla_heads64", "", "as mla_decode"}, predict_mla_decode},
      {{"mla_parts", "", "as mla_decode, and what; or kernel, split_us, combine_us"},
       predict_mla_parts,
       {},
       true},
      {{"sparse_decode", "", "heads, batch, ctx, s_q"}, predict_sparse_decode},
      {{"sparse_prefill", "", "heads, tokens, kv_len; mode (pad, len)"}, predict_sparse_prefill},
      {{"indexer_prefill", "mqa_logits", "heads, tokens, kv_len; clean"},
       predict_indexer_prefill,
       {"fp8_mqa_logits"}},
      {{"indexer_decode", "paged_mqa_logits", "heads, batch, ctx, next_n; total_kv_tokens"},
       predict_indexer_decode,
       {"fp8_paged_mqa_logits"}},
      {{"topk", "", "rows, length; topk, phase (prefill_causal)"},
       predict_topk,
       {"radix_topk2048", "torch_topk"}},
      {{"attn_prefill", "fa3", "batch, q_len, prefix"}, predict_attn_prefill},
      {{"gemm_dense", "dense", "name, m, n, k; sms"}, predict_dense},
      {{"gemm_sm108", "", "as gemm_dense, on 108 SMs"}, predict_sm108},
      {{"gemm_grouped_masked", "masked", "groups, tokens_per_group, n, k; mask"}, predict_masked},
      {{"gemm_grouped_contiguous", "contiguous", "groups, tokens_per_group, n, k; rows, sms"},
       predict_contiguous},
      {{"misc", "", "kind, m, n, bytes"}, predict_misc},
      {{"same_programs", "", "as misc"}, predict_misc},
      {{"chain_decode", "", "phase, batch_or_tokens, kv_or_seq, groups, tok_per_group"},
       predict_chain},
      {{"chain_prefill", "", "as chain_decode"}, predict_chain},
      {{"chain_ops_decode", "", "as chain_decode, and op"}, predict_chain_op},
      {{"chain_ops_prefill", "", "as chain_decode, and op"}, predict_chain_op},
      {{"chain_gap", "", "batch, kv, groups, tok_per_group: a layer of 24 launches"},
       predict_chain_gap},
      {{"chain_gap_ops", "", "as chain_gap, and op"}, predict_chain_gap_op},
      {{"chain_v32", "", "batch, ctx: indexer, top-k and sparse attention"}, predict_chain_v32},
      {{"chain_v32_ops", "", "as chain_v32, and op"}, predict_chain_v32_op}};
  return kParsers;
}

std::string known_names() {
  return fmt::format("{}",
                     fmt::join(kernel_names() | std::views::transform(&KernelName::name), ", "));
}

const Parser* find_parser(const std::string& name) {
  const auto found = std::ranges::find_if(parsers(), [&](const Parser& parser) {
    return parser.name.name == name || (!parser.name.other.empty() && parser.name.other == name) ||
           std::ranges::find(parser.others, name) != parser.others.end();
  });
  return found == parsers().end() ? nullptr : &*found;
}

// By the file's name: the longest kernel name that is in it.
const Parser* parser_of_file(const std::string& stem) {
  const auto length = [&](const Parser& parser) {
    const bool named = stem.find(parser.name.name) != std::string::npos;
    return named ? parser.name.name.size() : 0;
  };
  const Parser& best = *std::ranges::max_element(parsers(), {}, length);
  return length(best) > 0 ? &best : nullptr;
}

// Tables that hold no kernel's time, by a part of the file's name.
struct OtherTable {
  std::string_view name;
  const char* what;
  const char* remedy;
};
constexpr const char* kHostCost =
    "it holds what launches cost the host's CPU, no time of a kernel on a GPU";
constexpr const char* kHostRemedy = "such costs are the engine's; give a table of kernels";
constexpr OtherTable kOtherTables[] = {
    {"host_chain", kHostCost, kHostRemedy},
    {"host_launch", kHostCost, kHostRemedy},
    {"ratios_", "it holds ratios of rows that stand in other tables",
     "give the tables of the kernels themselves"}};

void refuse_other_tables(const MeasuredTable& table) {
  for (const OtherTable& other : kOtherTables) {
    if (table.stem().find(other.name) != std::string::npos) {
      throw table.problem(other.what, other.remedy);
    }
  }
}

const Parser& parser_of_table(const MeasuredTable& table, const std::string& kernel) {
  if (const Parser* parser = kernel.empty() ? parser_of_file(table.stem()) : find_parser(kernel)) {
    return *parser;
  }
  if (!kernel.empty()) {
    throw base::InputError(
        base::Problem{.what = fmt::format("--kernel: '{}' is not a kernel", kernel),
                      .remedy = fmt::format("it is one of {}", known_names())});
  }
  throw table.problem("the file's name does not say which kernel it holds",
                      fmt::format("add --kernel NAME or a column kernel: {}", known_names()));
}

const Parser& parser_of_row(const MeasuredTable& table, std::size_t row) {
  const std::string& name = table.text(row, "kernel");
  if (const Parser* parser = find_parser(name)) {
    return *parser;
  }
  throw table.problem(row, "kernel", fmt::format("'{}' is not a kernel", name),
                      fmt::format("it is one of {}", known_names()));
}

double measured_us(const MeasuredTable& table, std::size_t row, timing::Clock clock) {
  const std::string column = measured_column(table, clock);
  if (column == kParts) {
    return table.positive(row, "split_us") + table.positive(row, "combine_us");
  }
  return table.positive(row, RowOf{table, row, {}}.has_newer_only() ? kNewerTime : column);
}

LengthLists lengths_for(const MeasuredTable& table, const std::string& file) {
  if (!file.empty()) {
    return report::load_length_lists(file);
  }
  const auto beside = std::filesystem::path(table.path()).parent_path() / kLengthsFile;
  return table.has("case_id") && std::filesystem::exists(beside)
             ? report::load_length_lists(beside.string())
             : LengthLists{};
}

}  // namespace

const std::vector<KernelName>& kernel_names() {
  static const std::vector<KernelName> kNames = [] {
    std::vector<KernelName> names;
    for (const Parser& parser : parsers()) {
      names.push_back(parser.name);
    }
    return names;
  }();
  return kNames;
}

std::string measured_column(const MeasuredTable& table, timing::Clock clock) {
  const bool hot = clock == timing::Clock::Sustained;
  const std::string layer = hot ? "us_layer_sust" : "us_layer_cool";
  if (table.has("us") && table.has("us_cool")) {
    return hot ? "us" : "us_cool";
  }
  for (const std::string& column : {std::string("us"), layer, std::string(kEarlierTime)}) {
    if (table.has(column)) {
      return column;
    }
  }
  return table.has("split_us") && table.has("combine_us") ? kParts : "us";
}

std::optional<double> MeasuredKernel::predicted_us(const Machine& machine) const {
  return seconds ? std::optional(seconds(machine) * 1e6) : std::nullopt;
}

std::optional<double> MeasuredKernel::error_ratio(const Machine& machine) const {
  const auto predicted = predicted_us(machine);
  return predicted ? std::optional(*predicted / measured_us - 1.0) : std::nullopt;
}

std::vector<MeasuredKernel> measured_kernels(const MeasuredTable& table, const std::string& kernel,
                                             timing::Clock clock, const std::string& lengths) {
  if (kernel.empty()) {
    refuse_other_tables(table);
  }
  const Parser* of_file = parser_of_file(table.stem());
  const bool named = table.has("kernel") && !(of_file && of_file->knows_rows);
  const Parser* all = named ? nullptr : &parser_of_table(table, kernel);
  const LengthLists lists = lengths_for(table, lengths);
  std::vector<MeasuredKernel> kernels;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const Parser& parser = named ? parser_of_row(table, row) : *all;
    const double measured = measured_us(table, row, clock);
    Predict predict;
    // rows of `tiny` in mla_parts have no shape
    if (!(table.has("what") && table.text(row, "what") == "tiny")) {
      predict = parser.predict({table, row, lists});
    }
    kernels.push_back({row, parser.name.name, measured, std::move(predict)});
  }
  return kernels;
}

ErrorSummary summarise(const std::vector<MeasuredKernel>& kernels, const Machine& machine) {
  ErrorSummary summary;
  std::vector<double> errors;
  for (const MeasuredKernel& kernel : kernels) {
    if (const auto error = kernel.error_ratio(machine)) {
      errors.push_back(std::abs(*error));
      summary.bias += *error;
      summary.mean += std::abs(*error);
    } else {
      ++summary.not_modelled;
    }
  }
  summary.rows = errors.size();
  if (errors.empty()) {
    return summary;
  }
  std::ranges::sort(errors);
  const auto count = static_cast<double>(errors.size());
  summary.mean /= count;
  summary.bias /= count;
  summary.worst = errors.back();
  // nearest rank: the smallest error that 90 % of the rows do not exceed
  summary.p90 = errors[static_cast<std::size_t>(std::ceil(0.9 * count)) - 1];
  return summary;
}

}  // namespace epfleet::calibration
