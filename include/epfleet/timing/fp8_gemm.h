// The time of an FP8 matrix product (BF16 out), dense or grouped by experts, in seconds.
//
// Modelled: by the profile's law. `roofline`: fixed + the larger of memory's and arithmetic's need.
//   `tiles`: waves of DeepGEMM's tiles; a tile takes its k-steps and an epilogue, a wave as long as
//   its tiles or the memory they read; the tiles of the last, unfinished wave leave SMs idle.
// Left out: L2 hits; how the rows of a grouped product divide unless they are given.
// Source: constants and laws of hardware/profile.h.
#pragma once

#include <cstdint>
#include <span>

#include "epfleet/hardware/profile.h"
#include "epfleet/timing/gemm_tiling.h"

namespace epfleet::timing {

using hardware::Clock;

class Fp8Gemm {
 public:
  // REQUIRES: 0 < sms <= hardware.sms.
  Fp8Gemm(const hardware::HardwareProfile& hardware, std::int64_t sms, Clock clock);

  // Rows m are doubles: expected numbers of tokens need not be whole. No rows take no time.
  [[nodiscard]] double dense(double m, std::int64_t n, std::int64_t k) const;
  // m rows in all, evenly over `active_groups` groups that have any.
  [[nodiscard]] double masked(double m, double active_groups, std::int64_t n, std::int64_t k) const;
  [[nodiscard]] double contiguous(double m, double active_groups, std::int64_t n,
                                  std::int64_t k) const;
  // The rows of each group.
  [[nodiscard]] double contiguous_groups(std::span<const std::int64_t> rows, std::int64_t n,
                                         std::int64_t k) const;
  // The rows of each group; the library chooses its tiles for `expected` rows in every group.
  [[nodiscard]] double masked_groups(std::span<const std::int64_t> rows, std::int64_t expected,
                                     std::int64_t n, std::int64_t k) const;

  // Whether more rows never take less time.
  [[nodiscard]] bool is_monotone() const { return of_.gemm_law == hardware::GemmLaw::Roofline; }

 private:
  struct Work {  // what the tiles law needs to know of a product
    GemmTiling tiling;
    double tiles = 0.0;
    double ragged_rows = 0.0;     // missing in the last row of tiles
    bool shares_weights = false;  // tiles wait for each other's
    double bytes = 0.0;
  };
  [[nodiscard]] double roofline(base::Duration fixed, base::BytesPerSecond bandwidth, double m,
                                double groups, std::int64_t n, std::int64_t k) const;
  [[nodiscard]] GemmTiling tiling_of(GemmLayout layout, std::int64_t m, std::int64_t n,
                                     std::int64_t k, std::int64_t groups = 1) const;
  [[nodiscard]] double waves(const Work& work, std::int64_t k) const;
  [[nodiscard]] double step(const Work& work, std::int64_t k) const;

  hardware::HardwareProfile of_;  // its rates as they are on these SMs, at this clock
  std::int64_t sms_;
  double clock_;  // what is left of the cool one
};

}  // namespace epfleet::timing
