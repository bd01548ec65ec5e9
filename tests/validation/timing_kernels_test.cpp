// The profile h100 against epfleet's H100 measurements (tests/validation/h100), in the way a user
// would: `epfleet timing kernels` and `epfleet timing fit`. error = |predicted / measured - 1|, its
// mean over the rows of a table.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "epfleet/calibration/kernel_fit.h"
#include "epfleet/calibration/measured_kernels.h"
#include "epfleet/config/loader.h"
#include "epfleet/timing/gemm_tiling.h"
#include "epfleet/timing/kernels.h"
#include "support/places.h"

namespace epfleet::calibration {
namespace {

using timing::Clock;

class MeasuredOnH100 : public testing::Test {
 protected:
  static std::string folder() { return test::source_dir() + "/tests/validation/h100/"; }
  static MeasuredTable table(const std::string& name) {
    return MeasuredTable::load(folder() + name + ".csv");
  }
  static hardware::HardwareProfile profile() {
    return config::load_hardware(test::source_dir() + "/configs/parts/h100.yaml");
  }
  // Of the rows for which `chosen` says so.
  template <class Chosen>
  static double mean_error(const std::string& name, Clock clock, const Chosen& chosen) {
    const MeasuredTable rows = table(name);
    auto kernels = measured_kernels(rows, "", clock);
    std::erase_if(kernels, [&](const MeasuredKernel& kernel) { return !chosen(rows, kernel); });
    const hardware::HardwareProfile h100 = profile();
    const ErrorSummary error = summarise(kernels, {h100, clock});
    EXPECT_GT(error.rows, 0U) << name;
    testing::Test::RecordProperty(name, std::to_string(error.mean));
    return error.mean;
  }
  static double mean_error(const std::string& name, Clock clock = Clock::Cool) {
    return mean_error(name, clock, [](auto&, auto&) { return true; });
  }
  static double left_out_error(const std::string& name, const LeaveOut& leave_out) {
    KernelFit fit(profile());
    fit.add(table(name), leave_out.column);
    double sum = 0.0;
    double rows = 0.0;
    for (const FittedPart& part : fit.run(leave_out).parts) {
      sum += part.left_out.value_or(1.0) * static_cast<double>(part.rows);
      rows += static_cast<double>(part.rows);
    }
    return sum / rows;
  }
};

// The tiling is not fitted but follows: height, width and stages of every product, to the number.
TEST_F(MeasuredOnH100, TilingsAreThoseOfTheLibrary) {
  std::size_t compared = 0;
  for (const std::string name : {"gemm_dense", "gemm_sm108", "gemm_grouped_masked"}) {
    const MeasuredTable rows = table(name);
    const bool masked = name == "gemm_grouped_masked";
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      if (rows.text(row, "bm").empty()) {
        continue;  // cuBLAS
      }
      const auto tiling = timing::choose_tiling(
          masked ? timing::GemmLayout::Masked : timing::GemmLayout::Dense,
          rows.whole(row, masked ? "tokens_per_group" : "m", 1), rows.whole(row, "n", 1),
          rows.whole(row, "k", 1), masked ? rows.whole(row, "groups", 1) : 1,
          name == "gemm_sm108" ? 108 : 132);
      EXPECT_EQ(tiling.rows, rows.whole(row, "bm", 1)) << rows.line(row);
      EXPECT_EQ(tiling.cols, rows.whole(row, "bn", 1)) << rows.line(row);
      EXPECT_EQ(tiling.stages, rows.whole(row, "stages", 1)) << rows.line(row);
      ++compared;
    }
  }
  EXPECT_EQ(compared, 336U + 24U + 716U);
}

TEST_F(MeasuredOnH100, DecodeAttentionWithinFivePercent) {
  const auto ragged = [](const MeasuredTable& rows, const MeasuredKernel& kernel) {
    return rows.whole(kernel.row, "ragged", 0) == 1;
  };
  EXPECT_LT(mean_error("mla_decode", Clock::Cool, ragged), 0.05);
  EXPECT_LT(mean_error("mla_decode", Clock::Cool,
                       [&](auto& rows, auto& kernel) { return !ragged(rows, kernel); }),
            0.05);
}

TEST_F(MeasuredOnH100, ExpertsWithinFivePercent) {
  EXPECT_LT(mean_error("gemm_grouped_masked"), 0.05);
  EXPECT_LT(mean_error("gemm_grouped_contiguous"), 0.05);
}

TEST_F(MeasuredOnH100, DenseAndPrefillAttentionWithinEightPercent) {
  EXPECT_LT(mean_error("gemm_dense"), 0.08);
  EXPECT_LT(mean_error("gemm_sm108"), 0.08);
  EXPECT_LT(mean_error("attn_prefill"), 0.08);
}

TEST_F(MeasuredOnH100, WholeLayersWithinFivePercentAtBothClocks) {
  for (const Clock clock : {Clock::Cool, Clock::Sustained}) {
    EXPECT_LT(mean_error("chain_decode", clock), 0.05);
    EXPECT_LT(mean_error("chain_prefill", clock), 0.05);
  }
  EXPECT_LT(mean_error("sustained", Clock::Sustained), 0.05);
}

// Rows that a fit did not see: every tenth row, then whole groups of them.
TEST_F(MeasuredOnH100, RowsLeftOutArePredictedAsWell) {
  EXPECT_LT(left_out_error("mla_decode", {10, ""}), 0.05);
  EXPECT_LT(left_out_error("gemm_grouped_masked", {10, ""}), 0.05);
  EXPECT_LT(left_out_error("gemm_dense", {10, ""}), 0.08);
  EXPECT_LT(left_out_error("attn_prefill", {10, ""}), 0.08);
}

TEST_F(MeasuredOnH100, GroupsLeftOutArePredictedAsWell) {
  EXPECT_LT(left_out_error("mla_decode", {0, "kv_len"}), 0.05);
  EXPECT_LT(left_out_error("gemm_grouped_masked", {0, "groups"}), 0.05);
  EXPECT_LT(left_out_error("attn_prefill", {0, "prefix"}), 0.08);
}

// Every table of the folder can be read and predicted.
TEST_F(MeasuredOnH100, EveryTableIsKnown) {
  const hardware::HardwareProfile h100 = profile();
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    if (entry.path().extension() == ".csv") {
      const auto kernels =
          measured_kernels(MeasuredTable::load(entry.path().string()), "", Clock::Cool);
      EXPECT_GT(summarise(kernels, {h100, Clock::Cool}).rows, 0U) << entry.path();
    }
  }
}

// For batches of mixed lengths a fleet knows sums only: the law's expectation against the ragged
// rows, whose lengths it is not told.
TEST_F(MeasuredOnH100, MixedLengthsBySumsAlone) {
  const MeasuredTable rows = table("mla_decode");
  const timing::Kernels kernels(profile(), 132, Clock::Cool);
  double sum = 0.0;
  double count = 0.0;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const double batch = rows.positive(row, "batch");
    if (rows.whole(row, "ragged", 0) == 1) {
      const double predicted = kernels.mla().mixed({}, batch, rows.positive(row, "total_kv_tokens"),
                                                   rows.positive(row, "s_q"));
      sum += std::abs(predicted * 1e6 / rows.positive(row, "us") - 1.0);
      count += 1.0;
    }
  }
  EXPECT_EQ(count, 38.0);
  EXPECT_LT(sum / count, 0.05);
}

}  // namespace
}  // namespace epfleet::calibration
