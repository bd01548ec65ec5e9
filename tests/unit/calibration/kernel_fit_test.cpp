// What a fit may say: rows made from a known GPU, few of them, twice the same, or all answering alike.
#include "epfleet/calibration/kernel_fit.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/temporary_file.h"

namespace epfleet::calibration {
namespace {

struct Product {
  std::int64_t m, n, k;
};

// Dense FP8 products of a GPU that is as the default profile but for these.
hardware::HardwareProfile the_gpu() {
  hardware::HardwareProfile gpu;
  gpu.dense_gemm_fixed = base::Duration(6'000);
  gpu.dense_gemm_bandwidth = base::BytesPerSecond(2.0e12);
  return gpu;
}

// `noise`: the part by which rows are off, up and down in turn.
std::string measured(const std::vector<Product>& products, double noise = 0.0) {
  const hardware::HardwareProfile gpu = the_gpu();
  const timing::Kernels kernels(gpu, gpu.sms, timing::Clock::Cool);
  std::string rows = "kernel,name,m,n,k,us\n";
  double sign = 1.0;
  for (const auto& [m, n, k] : products) {
    const double us = 1e6 * kernels.fp8().dense(static_cast<double>(m), n, k);
    rows += fmt::format("gemm_dense,x,{},{},{},{:.6f}\n", m, n, k, us * (1.0 + sign * noise));
    sign = -sign;
  }
  return rows;
}

FitResult fit(const std::string& rows, const LeaveOut& leave_out = {}) {
  const test::TemporaryFile file(rows);
  KernelFit fit{hardware::HardwareProfile{}};
  fit.add(MeasuredTable::load(file.path()), leave_out.column);
  return fit.run(leave_out);
}

bool moves(const FittedPart& part, const std::string& key) {
  return std::ranges::any_of(part.changes, [&](const FittedKey& k) { return k.key == key; });
}

bool stays(const FittedPart& part, const std::string& key) {
  return std::ranges::find(part.unknown, key) != part.unknown.end();
}

const std::vector<Product> kSmall{{16, 2112, 7168}, {32, 7168, 16384}, {64, 24576, 1536},
                                  {64, 2112, 7168}, {16, 7168, 16384}, {32, 1024, 1024}};

// Few rows bound all dense constants once: 9 of them to 6 rows. Only memory binds here.
TEST(KernelFit, RowsThatMemoryBindsTellNothingOfArithmetic) {
  const FittedPart part = fit(measured(kSmall)).parts.at(0);
  EXPECT_EQ(part.shapes, 6U);
  EXPECT_TRUE(moves(part, "dense_gemm_fixed"));
  EXPECT_TRUE(moves(part, "dense_gemm_bandwidth"));
  EXPECT_EQ(part.changes.size(), 2U);
  for (const char* key : {"fp8_gemm_rate", "gemm_epilogue_bandwidth", "masked_gemm_rate",
                          "contiguous_gemm_bandwidth"}) {
    EXPECT_TRUE(stays(part, key)) << key;
  }
  EXPECT_LT(part.after, 0.005);
  ASSERT_TRUE(part.left_out.has_value()) << "the error of rows that were not seen stands beside it";
  EXPECT_LT(*part.left_out, 0.02);
}

TEST(KernelFit, WhatStaysIsAsInTheBase) {
  const hardware::HardwareProfile base;
  const FitResult result = fit(measured(kSmall));
  EXPECT_EQ(result.profile.fp8_gemm_rate.count(), base.fp8_gemm_rate.count());
  EXPECT_EQ(result.profile.masked_gemm_fixed, base.masked_gemm_fixed);
  EXPECT_NEAR(result.profile.dense_gemm_bandwidth.count(), 2.0e12, 0.02e12);
}

TEST(KernelFit, MoreShapesThanConstantsOrFewerConstants) {
  for (std::size_t rows = 2; rows <= kSmall.size(); ++rows) {
    const std::vector<Product> some(kSmall.begin(),
                                    kSmall.begin() + static_cast<std::ptrdiff_t>(rows));
    const FittedPart part = fit(measured(some)).parts.at(0);
    EXPECT_LT(part.changes.size(), rows);
    EXPECT_EQ(part.changes.size() + part.unknown.size(), 9U);
  }
}

TEST(KernelFit, OneShapeMeasuredTenTimesTellsNothing) {
  const std::vector<Product> same(10, {64, 7168, 16384});
  try {
    (void)fit(measured(same, 0.01));
    FAIL() << "ten rows of one shape were fitted";
  } catch (const base::InputError& error) {
    const std::string what = error.what();
    EXPECT_NE(what.find("the 10 rows cannot tell a single constant"), std::string::npos) << what;
    EXPECT_NE(what.find("measure more shapes"), std::string::npos) << what;
  }
}

// Two shapes, each five times: one constant, and the five of a shape are left out together.
TEST(KernelFit, RepeatedRowsAreNotMoreShapes) {
  std::vector<Product> rows;
  for (int i = 0; i < 5; ++i) {
    rows.push_back({16, 2112, 7168});
    rows.push_back({64, 7168, 16384});
  }
  const FittedPart part = fit(measured(rows, 0.01)).parts.at(0);
  EXPECT_EQ(part.rows, 10U);
  EXPECT_EQ(part.shapes, 2U);
  EXPECT_EQ(part.changes.size(), 1U);
  ASSERT_TRUE(part.left_out.has_value());
  EXPECT_GT(*part.left_out, 0.1) << "nothing is fitted to one shape: as far off as the base";
}

// Large products of one depth: flops and output grow alike, so rate and epilogue cannot be told
// apart, whatever the number of rows; with other depths they can.
TEST(KernelFit, ConstantsThatRowsAnswerToAlikeAreNotBothMoved) {
  std::vector<Product> one_depth, depths;
  for (const std::int64_t m : {4'096, 8'192, 16'384}) {
    for (const std::int64_t n : {2'112, 7'168, 24'576, 32'768}) {
      one_depth.push_back({m, n, 2'048});
      for (const std::int64_t k : {512, 2'048, 16'384}) {
        depths.push_back({m, n, k});
      }
    }
  }
  const FittedPart alike = fit(measured(one_depth)).parts.at(0);
  EXPECT_NE(moves(alike, "fp8_gemm_rate"), moves(alike, "gemm_epilogue_bandwidth"));
  const FittedPart told = fit(measured(depths)).parts.at(0);
  EXPECT_TRUE(moves(told, "fp8_gemm_rate"));
  EXPECT_TRUE(moves(told, "gemm_epilogue_bandwidth"));
}

// Rows that no law of the family explains: the fit follows them, but not to those it has not seen.
TEST(KernelFit, ErrorsOfUnseenRowsShowWhatTheFitDoesNotKnow) {
  std::vector<Product> rows = kSmall;
  const FittedPart clean = fit(measured(rows)).parts.at(0);
  const FittedPart noisy = fit(measured(rows, 0.3)).parts.at(0);
  EXPECT_GT(*noisy.left_out, noisy.after);
  EXPECT_GT(*noisy.left_out, 5.0 * *clean.left_out);
}

TEST(KernelFit, TheProfileSaysBothErrors) {
  const FitResult result = fit(measured(kSmall));
  const std::string text = profile_text(result, "h800", {"mine.csv"});
  EXPECT_NE(text.find("where they were left out"), std::string::npos);
  EXPECT_NE(text.find("dense_gemm_bandwidth"), std::string::npos);
  const auto line = text.substr(text.find("\nfp8_gemm_rate:") + 1);
  EXPECT_EQ(line.substr(0, line.find('\n')).find("[fit]"), std::string::npos);
}

}  // namespace
}  // namespace epfleet::calibration
