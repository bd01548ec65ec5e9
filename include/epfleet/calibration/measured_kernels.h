// Measured kernels beside what a hardware profile predicts for them.
//
// Modelled: the kernels of the tables that `epfleet timing kernels` knows (kernel_names()), each by
//   the same functions that price a step; whole layers as chains of their kernels.
// Left out: rows of kernels that no step uses (an empty launch, FlashMLA's metadata): they have no
//   prediction and are counted.
// Source: columns as in epfleet's H100 measurements.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "epfleet/calibration/measured_table.h"
#include "epfleet/hardware/profile.h"
#include "epfleet/timing/kernels.h"

namespace epfleet::calibration {

struct Machine {
  const hardware::HardwareProfile& hardware;
  timing::Clock clock = timing::Clock::Cool;
};

// One row: which kernel it is, what was measured, and how to predict it.
struct MeasuredKernel {
  std::size_t row = 0;
  std::string kernel;  // one of kernel_names()
  double measured_us = 0.0;
  std::function<double(const Machine&)> seconds;  // none: no step uses this kernel

  [[nodiscard]] std::optional<double> predicted_us(const Machine& machine) const;
  // predicted / measured - 1
  [[nodiscard]] std::optional<double> error_ratio(const Machine& machine) const;
};

struct KernelName {
  std::string name;   // "mla_decode"
  std::string other;  // short name, may be empty: "mla"
  std::string columns;
};
[[nodiscard]] const std::vector<KernelName>& kernel_names();

// What the predictions are compared with: by the clock `us` or, beside it, `us_cool`; else
// `us_layer_cool` or `us_layer_sust`; else `us_earlier` (the revision before: the profiles'; where
// it is empty `us_2026`) or the sum of `split_us` and `combine_us`.
[[nodiscard]] std::string measured_column(const MeasuredTable& table, timing::Clock clock);

// `kernel`: of rows that do not name theirs in a column `kernel`; empty: by the file's name.
// Lengths of ragged batches are read from `lengths` or, if empty, from mla_ragged_seqlens.json
// beside the table. Throws InputError for whatever is wrong with the table or the names.
[[nodiscard]] std::vector<MeasuredKernel> measured_kernels(const MeasuredTable& table,
                                                           const std::string& kernel,
                                                           timing::Clock clock,
                                                           const std::string& lengths = "");

struct ErrorSummary {
  std::size_t rows = 0;
  std::size_t not_modelled = 0;
  double mean = 0.0, p90 = 0.0, worst = 0.0;  // of |error_ratio|
  double bias = 0.0;                          // mean error_ratio
};
[[nodiscard]] ErrorSummary summarise(const std::vector<MeasuredKernel>& kernels,
                                     const Machine& machine);

}  // namespace epfleet::calibration
