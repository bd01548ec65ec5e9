#include "epfleet/timing/fp8_gemm.h"

#include <algorithm>
#include <cmath>

#include "epfleet/base/arithmetic.h"
#include "epfleet/base/error.h"
#include "epfleet/base/real_math.h"
#include "epfleet/base/time.h"
#include "soft_maximum.h"

namespace epfleet::timing {
namespace {

using base::ceil_div;
using base::real;
using base::to_seconds;

constexpr double kRowsOfConstants = 64.0;  // the profile's per-row times are per 64 rows

// Where missing rows of the last tiles cost time (measured, h100 grid): deep products (40 steps) of
// one wave with tiles narrower than 128, from 40 % of a tile or 52 rows missing. A guess why: tiles
// that miss rows fetch less and run ahead of those with which they share weights. So not where the
// weights are the smaller part, nor where few SMs work.
constexpr std::int64_t kDeepSteps = 40;
constexpr double kRaggedShare = 0.4, kRaggedRows = 52.0;

std::int64_t whole_rows(double m) { return static_cast<std::int64_t>(std::ceil(m)); }

double bytes_of(double m, double groups, std::int64_t n, std::int64_t k) {
  return m * real(k) + groups * real(n * k) + 2.0 * m * real(n);
}

}  // namespace

Fp8Gemm::Fp8Gemm(const hardware::HardwareProfile& hardware, std::int64_t sms, Clock clock)
    : of_(hardware),
      sms_(sms),
      clock_(clock == Clock::Sustained ? hardware.sustained_gemm_factor : 1.0) {
  EPFLEET_CHECK(sms > 0 && sms <= hardware.sms, "kernels run on some of the chip's SMs");
  const double share = real(sms) / real(hardware.sms);
  of_.fp8_gemm_rate = of_.fp8_gemm_rate * (share * clock_);
  of_.masked_gemm_rate = of_.masked_gemm_rate * (share * clock_);
  of_.gemm_epilogue_bandwidth = of_.gemm_epilogue_bandwidth * share;
}

// fixed + max(bytes / bandwidth, flops / rate + output / epilogue): the epilogue that writes the
// output is not hidden under the multiply-adds in the kernels of February 2025.
double Fp8Gemm::roofline(base::Duration fixed, base::BytesPerSecond bandwidth, double m,
                         double groups, std::int64_t n, std::int64_t k) const {
  const double output = 2.0 * m * real(n);
  const double flops = 2.0 * m * real(n) * real(k);
  return to_seconds(fixed) +
         std::max(bytes_of(m, groups, n, k) / bandwidth.count(),
                  flops / of_.fp8_gemm_rate.count() + output / of_.gemm_epilogue_bandwidth.count());
}

// One k-step of one tile on one SM of a full chip.
double Fp8Gemm::step(const Work& work, std::int64_t k) const {
  const GemmTiling& tile = work.tiling;
  const double sm_rate = of_.fp8_gemm_rate.count() / clock_ / real(sms_);
  const bool odd = kGemmStep % tile.cols != 0 && !tile.unrolled;
  const double multiply = 2.0 * real(tile.rows * tile.cols * kGemmStep) / sm_rate *
                          (odd ? 1.0 + of_.gemm_odd_width : 1.0);
  const double computed =
      to_seconds(of_.gemm_step_fixed) +
      to_seconds(of_.gemm_step_per_64_rows) / kRowsOfConstants * real(tile.rows) + multiply;
  const double loaded = std::max(to_seconds(of_.gemm_step_least),
                                 to_seconds(of_.gemm_load_latency) / real(tile.stages));
  const bool uneven = work.ragged_rows > std::min(kRaggedShare * real(tile.rows), kRaggedRows);
  const bool ragged = uneven && work.shares_weights && !tile.unrolled && tile.cols < kGemmStep &&
                      work.tiles <= real(sms_) && k >= kDeepSteps * kGemmStep;
  return std::max(computed, loaded) +
         (ragged ? to_seconds(of_.gemm_ragged_64_rows) / kRowsOfConstants * work.ragged_rows : 0.0);
}

// Every wave of the persistent kernel takes its share of the bytes and, beside that, its tiles'
// steps and epilogue. On fewer SMs a step is shorter: they share L2 and its bandwidth (measured at
// 108 of 132: 6 to 9 %); the few tiles of a last wave were not seen to gain.
double Fp8Gemm::waves(const Work& work, std::int64_t k) const {
  const double steps = std::ceil(real(k) / real(kGemmStep));
  const double one_step =
      step(work, k) / clock_ * base::real_pow(real(sms_) / real(of_.sms), of_.gemm_sm_contention);
  const double output = 2.0 * real(work.tiling.rows * work.tiling.cols);
  const double epilogue = output * real(sms_) / of_.gemm_epilogue_bandwidth.count();
  const double memory = work.bytes / of_.dense_gemm_bandwidth.count();
  const auto wave = [&](double tiles) {
    return soft_maximum(memory * tiles / work.tiles, steps * one_step + epilogue,
                        of_.gemm_overlap_power);
  };
  const double full = std::floor(work.tiles / real(sms_));
  const double last = work.tiles - full * real(sms_);
  return to_seconds(of_.dense_gemm_fixed) + (full > 0.0 ? full * wave(real(sms_)) : 0.0) +
         (last > 0.0 ? wave(last) : 0.0);
}

GemmTiling Fp8Gemm::tiling_of(GemmLayout layout, std::int64_t m, std::int64_t n, std::int64_t k,
                              std::int64_t groups) const {
  return choose_tiling(layout, m, n, k, groups, sms_, of_.gemm_tiles);
}

double Fp8Gemm::dense(double m, std::int64_t n, std::int64_t k) const {
  if (m <= 0.0) {
    return 0.0;
  }
  if (is_monotone()) {
    return roofline(of_.dense_gemm_fixed, of_.dense_gemm_bandwidth, m, 1.0, n, k);
  }
  const std::int64_t rows = whole_rows(m);
  const GemmTiling tiling = tiling_of(GemmLayout::Dense, rows, n, k);
  const std::int64_t high = ceil_div(rows, tiling.rows);
  const std::int64_t tiles = high * ceil_div(n, tiling.cols);
  const std::int64_t missing = high > 1 ? high * tiling.rows - rows : 0;
  return waves({.tiling = tiling,
                .tiles = real(tiles),
                .ragged_rows = real(missing),
                .shares_weights = n > rows && 2 * tiles > sms_,
                .bytes = bytes_of(m, 1.0, n, k)},
               k);
}

double Fp8Gemm::contiguous(double m, double active_groups, std::int64_t n, std::int64_t k) const {
  if (m <= 0.0) {
    return 0.0;
  }
  if (is_monotone()) {
    return roofline(of_.contiguous_gemm_fixed, of_.contiguous_gemm_bandwidth, m, active_groups, n,
                    k);
  }
  const std::int64_t rows = whole_rows(m);
  const GemmTiling tiling = tiling_of(GemmLayout::Contiguous, rows, n, k);
  // every group is padded to whole tiles
  const double high = std::ceil(m / active_groups / real(tiling.rows)) * active_groups;
  return waves({.tiling = tiling,
                .tiles = high * real(ceil_div(n, tiling.cols)),
                .bytes = bytes_of(m, active_groups, n, k)},
               k);
}

double Fp8Gemm::contiguous_groups(std::span<const std::int64_t> rows, std::int64_t n,
                                  std::int64_t k) const {
  constexpr std::int64_t kAlignment = 128;  // of a group's first row
  std::int64_t total = 0;
  std::int64_t padded = 0;
  double active = 0.0;
  for (const std::int64_t group : rows) {
    total += group;
    padded += ceil_div(group, kAlignment) * kAlignment;
    active += group > 0 ? 1.0 : 0.0;
  }
  if (is_monotone() || total <= 0) {
    return contiguous(real(total), active, n, k);
  }
  const GemmTiling tiling = tiling_of(GemmLayout::Contiguous, padded, n, k);
  return waves({.tiling = tiling,
                .tiles = real(padded / tiling.rows * ceil_div(n, tiling.cols)),
                .bytes = bytes_of(real(total), active, n, k)},
               k);
}

double Fp8Gemm::masked(double m, double active_groups, std::int64_t n, std::int64_t k) const {
  if (m <= 0.0) {
    return 0.0;
  }
  if (is_monotone()) {
    // The rate of this layout is that of a whole kernel in the published profile: its epilogue is
    // inside.
    const double weights = active_groups * real(n * k);
    const double flops = 2.0 * m * real(n) * real(k);
    return to_seconds(of_.masked_gemm_fixed) + std::max(weights / of_.masked_gemm_bandwidth.count(),
                                                        flops / of_.masked_gemm_rate.count());
  }
  const std::int64_t expected = whole_rows(m / active_groups);
  const GemmTiling tiling = tiling_of(GemmLayout::Masked, expected, n, k,
                                      std::max<std::int64_t>(1, whole_rows(active_groups)));
  const double high = real(ceil_div(expected, tiling.rows)) * active_groups;
  return waves({.tiling = tiling,
                .tiles = high * real(ceil_div(n, tiling.cols)),
                .bytes = bytes_of(m, active_groups, n, k)},
               k);
}

double Fp8Gemm::masked_groups(std::span<const std::int64_t> rows, std::int64_t expected,
                              std::int64_t n, std::int64_t k) const {
  double m = 0.0;
  double active = 0.0;
  for (const std::int64_t group : rows) {
    m += real(group);
    active += group > 0 ? 1.0 : 0.0;
  }
  if (is_monotone() || m <= 0.0) {
    return masked(m, active, n, k);
  }
  const GemmTiling tiling = tiling_of(GemmLayout::Masked, std::max<std::int64_t>(1, expected), n, k,
                                      static_cast<std::int64_t>(rows.size()));
  double high = 0.0;
  for (const std::int64_t group : rows) {
    high += real(ceil_div(group, tiling.rows));
  }
  return waves({.tiling = tiling,
                .tiles = high * real(ceil_div(n, tiling.cols)),
                .bytes = bytes_of(m, active, n, k)},
               k);
}

}  // namespace epfleet::timing
