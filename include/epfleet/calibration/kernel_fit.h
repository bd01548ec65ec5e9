// Fits the kernels of a hardware profile to tables of measured ones: one's own GPU.
//
// Modelled: per family of kernels (FP8 products, attention in decode, ...) the constants that its
//   law uses are moved until the mean absolute log error of the family's rows is least, starting
//   from the base profile (Nelder-Mead, restarted); sustained factors from tables that hold a
//   column us_cool beside us. Keys whose family has no row stay as they are, and so do those that
//   the rows cannot tell: too few shapes, or what they do others do too. Beside the error of the
//   rows that were fitted to stands that of rows left out of the fit.
// Left out: collectives (their tables are per network, not per GPU), which law to use.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "epfleet/calibration/measured_kernels.h"
#include "epfleet/hardware/profile.h"

namespace epfleet::calibration {

struct FittedKey {
  std::string key;  // "mla_decode_rate"
  std::string before, after;
};

struct FittedPart {
  std::string name;                  // "FP8 products"
  std::size_t rows = 0, shapes = 0;  // rows of one shape say the same
  double before = 0.0, after = 0.0;  // mean absolute error_ratio
  std::optional<double> left_out;    // of rows that the fit did not see; none: too few
  std::vector<FittedKey> changes;
  std::vector<std::string> unknown;  // keys that the rows cannot tell: as they were
};

struct FitResult {
  hardware::HardwareProfile profile;
  std::vector<FittedPart> parts;
};

// One measurement that takes part.
struct FitRow {
  MeasuredKernel kernel;
  std::string family;  // the key group that explains it
  std::string group;
  timing::Clock clock;
};

// Which rows to leave out of a fit, one part after the other, to see how it predicts what it has
// not seen.
struct LeaveOut {
  std::int64_t folds = 5;  // > 1: every `folds`-th shape
  std::string column;      // not empty: all rows with the same value there (a context, a batch)
};

class KernelFit {
 public:
  explicit KernelFit(hardware::HardwareProfile base) : base_(std::move(base)) {}

  // Rows of one table; throws InputError as measured_kernels() does. `group_column`: of
  // LeaveOut::column; tables without it are one group.
  void add(const MeasuredTable& table, const std::string& group_column = "");

  // Throws InputError if no row can be fitted, or the rows tell no constant.
  [[nodiscard]] FitResult run(const LeaveOut& leave_out = {}) const;

 private:
  hardware::HardwareProfile base_;
  std::vector<FitRow> rows_;
};

// The profile as a file, with every key's meaning and source; fitted keys say so.
[[nodiscard]] std::string profile_text(const FitResult& result, const std::string& base,
                                       const std::vector<std::string>& tables);

}  // namespace epfleet::calibration
