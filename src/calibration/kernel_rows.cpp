#include "kernel_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <string_view>

#include "epfleet/base/arithmetic.h"
#include "epfleet/base/time.h"
#include "epfleet/text/parse.h"

namespace epfleet::calibration {
namespace {

using base::real;

// "G9" in the column `name` of tables whose columns are those of dense products.
std::int64_t groups_of(const RowOf& row) {
  if (row.has("groups")) {
    return row.whole("groups", 1, kMostListed);
  }
  const std::string& name = row.text("name");
  const auto groups =
      text::parse_whole<std::int64_t>(std::string_view(name).substr(name.starts_with('G') ? 1 : 0));
  if (!name.starts_with('G') || !groups || *groups < 1 || *groups > kMostListed) {
    throw row.table.problem(row.row, "name", fmt::format("'{}' is not a number of groups", name),
                            "write G9 for nine groups, or give a column groups");
  }
  return *groups;
}

// Of the rows as they are: a mask where one is given, else even.
std::vector<std::int64_t> rows_of_groups(const RowOf& row, std::int64_t groups,
                                         std::int64_t per_group) {
  std::vector<std::int64_t> rows;
  if (row.has("mask")) {
    rows = row.table.whole_list(row.row, "mask");
  }
  if (rows.empty()) {
    rows.assign(static_cast<std::size_t>(groups), per_group);
  } else if (std::accumulate(rows.begin(), rows.end(), std::int64_t{0}) == 0) {
    throw row.table.problem(row.row, "mask", "no group has a row", "leave the row out");
  }
  return rows;
}

// On so many SMs, with the tiles of the row's revision of DeepGEMM.
template <class Kernel>
Predict on_sms(std::int64_t sms, Kernel kernel, const std::string& revision = "") {
  return [sms, kernel, newer = revision == kDeepGemm2026](const Machine& machine) {
    if (!newer) {
      return kernel(kernels_of(machine, sms));
    }
    hardware::HardwareProfile changed = machine.hardware;
    changed.gemm_tiles = hardware::GemmTiles::Cycles;
    return kernel(kernels_of({changed, machine.clock}, sms));
  };
}

// By a part of the product's name; the first that fits counts.
struct Product {
  std::string_view part;
  double (*seconds)(const timing::Kernels&, std::int64_t heads, double m, std::int64_t n,
                    std::int64_t k);
};
constexpr Product kProducts[] = {
    {"absorb",
     [](auto& on, auto h, auto m, auto n, auto k) { return on.bf16_batched_gemm(h, m, n, k); }},
    {"bmm",
     [](auto& on, auto h, auto m, auto n, auto k) { return on.bf16_batched_gemm(h, m, n, k); }},
    {"fp32", [](auto& on, auto, auto m, auto n, auto k) { return on.fp32_gemm(m, n, k); }},
    // products of few columns, split along k as the router's
    {"gate_bf16", [](auto& on, auto, auto m, auto n, auto k) { return on.gate_gemm(m, n, k); }},
    {"idx_wk_bf16", [](auto& on, auto, auto m, auto n, auto k) { return on.gate_gemm(m, n, k); }},
    {"idx_weights", [](auto& on, auto, auto m, auto n, auto k) { return on.gate_gemm(m, n, k); }},
    {"bf16", [](auto& on, auto, auto m, auto n, auto k) { return on.bf16_gemm(m, n, k); }},
    {"", [](auto& on, auto, auto m, auto n, auto k) { return on.fp8().dense(m, n, k); }},
};

// The number above 0 that follows `mark` in a name such as h64_sq2.
std::optional<std::int64_t> number_after(std::string_view name, std::string_view mark) {
  const std::size_t at = name.find(mark);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view rest = name.substr(at + mark.size());
  const auto number =
      text::parse_whole<std::int64_t>(rest.substr(0, rest.find_first_not_of("0123456789")));
  return number && *number > 0 && *number <= kMostOfShape ? number : std::nullopt;
}

Predict dense_at(const RowOf& row, std::int64_t sms) {
  const std::string name = row.has("name") ? row.text("name") : "";
  const std::int64_t n = row.whole("n");
  const std::int64_t k = row.whole("k");
  const auto m = real(row.whole("m"));
  const Product& product = *std::ranges::find_if(
      kProducts, [&](const Product& p) { return name.find(p.part) != std::string::npos; });
  return on_sms(
      sms,
      [=, seconds = product.seconds, heads = row.model().heads](const timing::Kernels& on) {
        return seconds(on, heads, m, n, k);
      },
      row.gemm_revision());
}

// By the beginning of the kind.
struct SmallKernel {
  std::string_view kind;
  double (*seconds)(const timing::Kernels&, double m, std::int64_t n);
};
constexpr SmallKernel kSmallKernels[] = {
    {"add_rmsnorm", [](auto& on, auto m, auto n) { return on.add_rmsnorm(m, n); }},
    {"quant_fp8", [](auto& on, auto m, auto n) { return on.quantise(m, n); }},
    {"silu_mul_quant", [](auto& on, auto m, auto n) { return on.silu_quantise(m, n); }},
    {"gate_sigmoid_group_topk", [](auto& on, auto m, auto n) { return on.topk(m, n); }},
    {"sample_", [](auto& on, auto m, auto n) { return on.sampling(m, n); }},
    {"idx_rotate_mm",
     [](auto& on, auto m, auto) { return on.sparse().rotate_queries(model::Model{}, m); }},
    {"idx_quant_fp8", [](auto& on, auto m, auto) { return on.sparse().quantise_queries(m); }},
    {"kv_quant_store_656",
     [](auto& on, auto m, auto) { return on.sparse().store_kv(sparse_model(), m); }},
    // eight BF16 rows in, one out
    {"moe_gather_weighted_sum8",
     [](auto& on, auto m, auto n) { return on.elementwise(18.0 * m * real(n)); }},
    // one FP8 row in, eight out
    {"moe_scatter8_fp8",
     [](auto& on, auto m, auto n) { return on.elementwise(9.0 * m * real(n)); }},
};

}  // namespace

std::int64_t RowOf::whole_of(const std::vector<std::string>& columns, std::int64_t least,
                             std::int64_t most) const {
  const auto found = std::ranges::find_if(columns, [this](const auto& c) { return has(c); });
  return whole(found == columns.end() ? columns.front() : *found, least, most);
}

model::Model RowOf::model() const {
  constexpr std::int64_t kKimiHeads = 64;
  model::Model model;
  const std::string name = text_or("name");
  if (has("heads")) {
    model.heads = whole("heads");
  } else if (name.starts_with("kimi_")) {
    model.heads = kKimiHeads;
  } else if (name.starts_with('h')) {
    model.heads = number_after(name, "h").value_or(model.heads);
  }
  return model;
}

model::Model RowOf::indexer_model() const {
  model::Model model = sparse_model();
  const std::string name = text_or("name");
  if (has("heads")) {
    model.index_heads = whole("heads");
  } else if (name.starts_with('h')) {
    model.index_heads = number_after(name, "h").value_or(model.index_heads);
  }
  return model;
}

bool RowOf::has_newer_only() const {
  return has(kEarlierTime) && has(kNewerTime) && text(kEarlierTime).empty();
}

std::string RowOf::gemm_revision() const {
  return has_newer_only() ? kDeepGemm2026 : text_or("rev");
}

std::int64_t RowOf::query_tokens() const {
  for (const char* column : {"s_q", "next_n"}) {
    if (has(column)) {
      return whole(column);
    }
  }
  const std::string name = text_or("name");
  const auto said = number_after(name, name.starts_with("nn") ? "nn" : "_sq");
  return said ? *said : whole_or("k", 1);
}

model::Model sparse_model() {
  model::Model model;
  model.attention = model::AttentionKind::Sparse;
  return model;
}

timing::Kernels kernels_of(const Machine& machine, std::int64_t sms) {
  const std::int64_t all = machine.hardware.sms;
  return {machine.hardware, sms > 0 ? std::min(sms, all) : all, machine.clock};
}

Predict predict_dense(const RowOf& row) { return dense_at(row, row.whole_or("sms", 0)); }

Predict predict_sm108(const RowOf& row) {
  constexpr std::int64_t kBesideCommunication = 108;  // what the table's name says
  return dense_at(row, row.whole_or("sms", kBesideCommunication));
}

Predict predict_masked(const RowOf& row) {
  const std::int64_t groups = groups_of(row);
  const std::int64_t per_group = row.whole_of({"tokens_per_group", "m"});
  const std::vector<std::int64_t> rows = rows_of_groups(row, groups, per_group);
  const std::int64_t n = row.whole("n");
  const std::int64_t k = row.whole("k");
  return on_sms(
      0, [=](const timing::Kernels& on) { return on.fp8().masked_groups(rows, per_group, n, k); },
      row.gemm_revision());
}

// `rows` are those after padding; `layout` is what every group has before.
Predict predict_contiguous(const RowOf& row) {
  const std::int64_t groups = groups_of(row);
  const std::int64_t per_group = row.whole_of({"tokens_per_group", "m"});
  const std::int64_t rows = row.whole_or("rows", groups * per_group);
  const std::int64_t n = row.whole("n");
  const std::int64_t k = row.whole("k");
  const std::vector<std::int64_t> layout =
      row.has("layout") ? row.table.whole_list(row.row, "layout") : std::vector<std::int64_t>{};
  return on_sms(
      row.whole_or("sms", 0),
      [=](const timing::Kernels& on) {
        return layout.empty() ? on.fp8().contiguous(real(rows), real(groups), n, k)
                              : on.fp8().contiguous_groups(layout, n, k);
      },
      row.gemm_revision());
}

Predict predict_misc(const RowOf& row) {
  const std::string& kind = row.text("kind");
  const bool moves_bytes = kind == "d2d_copy" || kind.starts_with("hbm_read") ||
                           kind == "triton_copy" || kind == "memset";
  if (moves_bytes) {
    return on_sms(0, [bytes = row.table.positive(row.row, "bytes")](const timing::Kernels& on) {
      return on.elementwise(bytes);
    });
  }
  if (kind == "h2d_pinned" || kind == "d2h_pinned") {
    return [bytes = row.table.positive(row.row, "bytes")](const Machine& machine) {
      return base::to_seconds(machine.hardware.elementwise_fixed) +  // a launch
             bytes / machine.hardware.pcie_bandwidth.count();
    };
  }
  const auto m = real(row.whole("m"));
  const std::int64_t n = row.whole("n");
  for (const SmallKernel& kernel : kSmallKernels) {
    if (kind.starts_with(kernel.kind)) {
      return on_sms(0, [=, seconds = kernel.seconds](const timing::Kernels& on) {
        return seconds(on, m, n);
      });
    }
  }
  return {};
}

}  // namespace epfleet::calibration
