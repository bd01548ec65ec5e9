// The profiles h100 and h200 against the measured tables of newer models and of the H200, in the
// way a user would: `epfleet timing kernels` and `epfleet timing fit`. The tables lie outside the
// source; without them nothing is compared.
#include <gtest/gtest.h>

#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "epfleet/calibration/kernel_fit.h"
#include "epfleet/calibration/measured_kernels.h"
#include "epfleet/config/loader.h"
#include "support/places.h"

namespace epfleet::calibration {
namespace {

using timing::Clock;

const std::string kShared = test::shared_dir();

hardware::HardwareProfile profile(const std::string& name) {
  return config::load_hardware(test::source_dir() + "/configs/parts/" + name + ".yaml");
}

std::string file_of(const std::string& profile, const std::string& table) {
  return kShared + (profile == "h200" ? "/h200/" : "/h100/2026/") + table + ".csv";
}

// Mean of |predicted / measured - 1| over the rows whose column has that in it.
struct Target {
  std::string profile, table;
  double most;
  std::string column{}, value{};  // empty: all rows
  Clock clock = Clock::Cool;
  friend std::ostream& operator<<(std::ostream& out, const Target& t) {
    return out << t.profile << ' ' << t.table << ' ' << t.column << ' ' << t.value;
  }
};

class MeasuredClass : public testing::TestWithParam<Target> {};

TEST_P(MeasuredClass, IsWithinItsTarget) {
  const Target& target = GetParam();
  const std::string file = file_of(target.profile, target.table);
  if (!std::filesystem::exists(file)) {
    GTEST_SKIP() << "no " << file << ": EPFLEET_SHARED_DIR names the folder of the tables";
  }
  const MeasuredTable rows = MeasuredTable::load(file);
  auto kernels = measured_kernels(rows, "", target.clock);
  std::erase_if(kernels, [&](const MeasuredKernel& kernel) {
    return !target.column.empty() &&
           rows.text(kernel.row, target.column).find(target.value) == std::string::npos;
  });
  const hardware::HardwareProfile hardware = profile(target.profile);
  const ErrorSummary error = summarise(kernels, {hardware, target.clock});
  EXPECT_GT(error.rows, 0U);
  EXPECT_LT(error.mean, target.most);
}

INSTANTIATE_TEST_SUITE_P(
    H100, MeasuredClass,
    testing::Values(Target{"h100", "mla_decode", 0.05, "heads", "64"},
                    Target{"h100", "mla_decode", 0.05, "heads", "32"},
                    Target{"h100", "mla_decode", 0.05, "heads", "16"},
                    Target{"h100", "sparse_decode", 0.05, "heads", "128"},
                    Target{"h100", "sparse_decode", 0.05, "heads", "64"},
                    Target{"h100", "sparse_prefill", 0.05, "heads", "128"},
                    Target{"h100", "sparse_prefill", 0.05, "heads", "64"},
                    Target{"h100", "indexer_prefill", 0.05}, Target{"h100", "indexer_decode", 0.05},
                    Target{"h100", "indexer_heads32", 0.05}, Target{"h100", "topk", 0.05},
                    Target{"h100", "gemm_dense", 0.05, "name", "kimi_q_up"},
                    Target{"h100", "gemm_dense", 0.05, "name", "kimi_o_proj"},
                    Target{"h100", "gemm_dense", 0.05, "name", "kimi_kv_up"},
                    Target{"h100", "gemm_dense", 0.05, "name", "idx_wq_b"},
                    Target{"h100", "gemm_dense", 0.10, "name", "idx_wk_fp8"},
                    Target{"h100", "gemm_dense", 0.10, "name", "bf16"},
                    Target{"h100", "gemm_dense", 0.10, "name", "fp32"},
                    Target{"h100", "gemm_grouped_masked", 0.05},
                    Target{"h100", "gemm_grouped_contiguous", 0.05},
                    Target{"h100", "chain_v32", 0.05},
                    Target{"h100", "chain_v32", 0.05, "", "", Clock::Sustained},
                    Target{"h100", "chain_v32_ops", 0.10}, Target{"h100", "misc", 0.10},
                    Target{"h100", "revisions", 0.05}, Target{"h100", "sustained", 0.05},
                    Target{"h100", "sustained", 0.05, "", "", Clock::Sustained}));

INSTANTIATE_TEST_SUITE_P(
    H200, MeasuredClass,
    testing::Values(
        Target{"h200", "mla_decode", 0.05}, Target{"h200", "mla_heads64", 0.05},
        Target{"h200", "sparse_decode", 0.05}, Target{"h200", "sparse_prefill", 0.05},
        Target{"h200", "indexer_prefill", 0.05}, Target{"h200", "indexer_decode", 0.05},
        Target{"h200", "topk", 0.05}, Target{"h200", "gemm_grouped_masked", 0.05},
        Target{"h200", "gemm_grouped_contiguous", 0.05}, Target{"h200", "gemm_dense", 0.05},
        Target{"h200", "gemm_dense", 0.10, "name", "bf16"}, Target{"h200", "gemm_sm108", 0.05},
        Target{"h200", "attn_prefill", 0.05}, Target{"h200", "chain_gap", 0.05},
        Target{"h200", "chain_gap", 0.05, "", "", Clock::Sustained},
        Target{"h200", "revisions", 0.05}, Target{"h200", "sustained", 0.05},
        Target{"h200", "sustained", 0.05, "", "", Clock::Sustained},
        Target{"h200", "sustained_v32", 0.05, "", "", Clock::Sustained},
        Target{"h200", "misc", 0.10, "kind", "quant"}, Target{"h200", "misc", 0.10, "kind", "silu"},
        Target{"h200", "misc", 0.10, "kind", "add_rmsnorm"}));

// Whole groups of rows that a fit did not see.
struct LeftOut {
  std::string profile, table, column;
  double most;
  friend std::ostream& operator<<(std::ostream& out, const LeftOut& l) {
    return out << l.profile << ' ' << l.table << ' ' << l.column;
  }
};

class GroupLeftOut : public testing::TestWithParam<LeftOut> {};

TEST_P(GroupLeftOut, IsPredictedAsWell) {
  const LeftOut& target = GetParam();
  const std::string file = file_of(target.profile, target.table);
  if (!std::filesystem::exists(file)) {
    GTEST_SKIP() << "no " << file << ": EPFLEET_SHARED_DIR names the folder of the tables";
  }
  KernelFit fit(profile(target.profile));
  fit.add(MeasuredTable::load(file), target.column);
  double sum = 0.0;
  double rows = 0.0;
  for (const FittedPart& part : fit.run({0, target.column}).parts) {
    sum += part.left_out.value_or(part.after) * static_cast<double>(part.rows);
    rows += static_cast<double>(part.rows);
  }
  EXPECT_LT(sum / rows, target.most);
}

INSTANTIATE_TEST_SUITE_P(Groups, GroupLeftOut,
                         testing::Values(LeftOut{"h100", "mla_decode", "batch", 0.05},
                                         LeftOut{"h100", "sparse_decode", "batch", 0.05},
                                         LeftOut{"h100", "sparse_prefill", "tokens", 0.05},
                                         LeftOut{"h100", "indexer_prefill", "tokens", 0.05},
                                         LeftOut{"h100", "indexer_decode", "batch", 0.05},
                                         LeftOut{"h100", "topk", "rows", 0.05},
                                         LeftOut{"h200", "gemm_grouped_masked", "groups", 0.05},
                                         LeftOut{"h200", "mla_decode", "batch", 0.05}));

// Every table can be read and predicted, or says why not.
TEST(NewerTables, AreAllKnown) {
  std::size_t known = 0;
  for (const std::string name : {"h100", "h200"}) {
    const std::filesystem::path folder = std::filesystem::path(file_of(name, "x")).parent_path();
    if (!std::filesystem::exists(folder)) {
      GTEST_SKIP() << "no " << folder << ": EPFLEET_SHARED_DIR names the folder of the tables";
    }
    const hardware::HardwareProfile hardware = profile(name);
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const std::string stem = entry.path().stem().string();
      if (entry.path().extension() != ".csv") {
        continue;
      }
      const MeasuredTable table = MeasuredTable::load(entry.path().string());
      if (stem.starts_with("host_") || stem.starts_with("ratios_")) {
        EXPECT_THROW((void)measured_kernels(table, "", Clock::Cool), base::InputError) << stem;
        continue;
      }
      const auto kernels = measured_kernels(table, "", Clock::Cool);
      EXPECT_GT(summarise(kernels, {hardware, Clock::Cool}).rows, 0U) << stem;
      ++known;
    }
  }
  EXPECT_GE(known, 36U);
}

}  // namespace
}  // namespace epfleet::calibration
