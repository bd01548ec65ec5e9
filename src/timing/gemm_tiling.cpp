#include "epfleet/timing/gemm_tiling.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <span>

#include "epfleet/base/arithmetic.h"

namespace epfleet::timing {
namespace {

using base::ceil_div;
using base::real;

constexpr std::int64_t kWidest = 192, kWidthGrain = 16;
constexpr std::int64_t kSharedMemory = 232'448;  // bytes of one SM that a kernel may use
constexpr std::int64_t kMostStages = 32;
constexpr std::int64_t kBarrierBytes = 16;  // a pair of barriers per stage
constexpr std::int64_t kScaleBytes = 4;

// Small heights only where the batch is as small.
std::span<const std::int64_t> heights(GemmLayout layout, std::int64_t m) {
  static constexpr std::array<std::int64_t, 5> kHeights{16, 32, 64, 128, 256};
  const std::span<const std::int64_t> all{kHeights};
  switch (layout) {
    case GemmLayout::Masked:
      return all.subspan(2, 2);
    case GemmLayout::Contiguous:
      return all.subspan(3, 1);  // the layout is aligned to 128 rows
    case GemmLayout::Dense:
      break;
  }
  return all.subspan(m <= 16 ? 0 : m <= 32 ? 1 : 2);
}

// Accumulators must fit in registers; beyond 128 columns the scales of two blocks must line up.
bool is_legal(std::int64_t rows, std::int64_t cols) {
  if (rows > 128 && cols > 128) {
    return false;
  }
  return cols <= kGemmStep || std::gcd(cols, kGemmStep) == cols - kGemmStep;
}

struct Choice {
  std::int64_t rows = 0, cols = 0;
  std::int64_t waves = 0;
  std::int64_t last = 0;  // tiles of the last wave
};

bool is_better(const Choice& a, const Choice& best, std::int64_t m, std::int64_t n) {
  if (best.rows == 0 || a.waves != best.waves) {
    return best.rows == 0 || a.waves < best.waves;
  }
  if (a.last != best.last) {
    return a.last > best.last;
  }
  if (a.rows == best.rows || a.cols == best.cols) {  // the smaller one wastes less
    return a.cols < best.cols || (a.cols == best.cols && a.rows < best.rows);
  }
  return a.cols > best.cols && a.cols <= n && a.rows <= m;
}

// Widths whose scales change inside a tile unroll the pipeline, which limits it to four stages.
bool unrolls(std::int64_t cols) { return cols == 96 || cols == 160 || cols == 192; }

std::int64_t stages_of(std::int64_t rows, std::int64_t cols, std::int64_t k) {
  const std::int64_t scales = ceil_div(k, kGemmStep) * kScaleBytes * (kGemmStep % cols ? 2 : 1);
  const std::int64_t output = rows * cols * 2;
  const std::int64_t row_scales = ceil_div(rows * kScaleBytes, 128) * 128;  // aligned to 128 bytes
  const std::int64_t stage = (rows + cols) * kGemmStep + row_scales + kBarrierBytes;
  const std::int64_t fit = std::min(kMostStages, (kSharedMemory - output - scales) / stage);
  return unrolls(cols) ? std::min<std::int64_t>(fit, 4) : fit;
}

// The rule of June 2026. Operands and results pass L2 once and L1 twice; two CTAs of a cluster may
// share the load of one operand, which pays with several waves only.
constexpr std::int64_t kStagesOf2026 = 16;
constexpr std::int64_t kMultiplyRows = 64;  // of one multiply-add instruction

struct Cluster {
  std::int64_t rows = 1, cols = 1;
};

struct Product {
  GemmLayout layout;
  std::int64_t m, n, k, groups, sms;
};

// Stages that hide the latency of loading.
bool is_deep_enough(std::int64_t rows, std::int64_t cols, std::int64_t k) {
  const std::int64_t stages = std::min(kStagesOf2026, stages_of(rows, cols, k));
  return stages >= (rows * cols < 128 * 192 ? 4 : 3);
}

double cycles(const Product& p, std::int64_t rows, std::int64_t cols, const Cluster& cluster) {
  constexpr double kL1BytesPerCycle = 128.0;      // of an SM
  constexpr double kL2BytesPerCycle = 64.0;       // of an SM, and at most
  constexpr double kL2BytesOfChip = 8e6 / 1.3e3;  // of all
  const std::int64_t tiles = ceil_div(p.m, rows) * ceil_div(p.n, cols) * p.groups;
  const std::int64_t waves = ceil_div(tiles, p.sms);
  const double result = 2.0 * real(rows * cols);
  const double from_l2 = real(p.k) * real(rows / cluster.cols + cols / cluster.rows) + result;
  const double to_multiply = real(p.k) * real(std::max(kMultiplyRows, rows) + cols) + result;
  const double l1 = real(p.k) * real(rows + cols) + to_multiply + result;
  const double sms = real(p.sms);
  const double full = real(tiles) / (real(waves) * sms);
  return real(tiles) *
         std::max(l1 / (kL1BytesPerCycle * sms),
                  from_l2 / std::min(kL2BytesPerCycle * sms, kL2BytesOfChip)) /
         full;
}

bool may_share(const Product& p, std::int64_t rows, std::int64_t cols, const Cluster& cluster) {
  const std::int64_t across = ceil_div(p.n, cols);
  const bool several_waves = ceil_div(p.m, rows) * across * p.groups > p.sms;
  return several_waves && p.sms % 2 == 0 &&
         (p.layout != GemmLayout::Masked ||
          (across % (cluster.rows * cluster.cols) == 0 && p.m > rows));
}

Choice least_cycles(const Product& p) {
  Choice best;
  double least = 0.0;
  for (const Cluster& cluster : {Cluster{1, 1}, Cluster{1, 2}, Cluster{2, 1}}) {
    for (const std::int64_t rows : heights(p.layout, p.m)) {
      for (std::int64_t cols = kWidthGrain; cols <= kWidest; cols += kWidthGrain) {
        const bool shared = cluster.rows * cluster.cols > 1;
        if (!is_legal(rows, cols) || !is_deep_enough(rows, cols, p.k) ||
            (shared && !may_share(p, rows, cols, cluster))) {
          continue;
        }
        const double takes = cycles(p, rows, cols, cluster);
        if (best.rows == 0 || takes < least) {
          least = takes;
          best.rows = rows;
          best.cols = cols;
        }
      }
    }
  }
  return best;
}

}  // namespace

GemmTiling choose_tiling(GemmLayout layout, std::int64_t m, std::int64_t n, std::int64_t k,
                         std::int64_t groups, std::int64_t sms, hardware::GemmTiles rule) {
  if (rule == hardware::GemmTiles::Cycles) {
    const Choice best = least_cycles({layout, m, n, k, groups, sms});
    return {best.rows, best.cols, stages_of(best.rows, best.cols, k), unrolls(best.cols)};
  }
  Choice best;
  for (const std::int64_t rows : heights(layout, m)) {
    for (std::int64_t cols = kWidthGrain; cols <= kWidest; cols += kWidthGrain) {
      if (!is_legal(rows, cols)) {
        continue;
      }
      const std::int64_t tiles = ceil_div(m, rows) * ceil_div(n, cols) * groups;
      const Choice choice{rows, cols, ceil_div(tiles, sms), (tiles - 1) % sms + 1};
      if (is_better(choice, best, m, n)) {
        best = choice;
      }
    }
  }
  return {best.rows, best.cols, stages_of(best.rows, best.cols, k), unrolls(best.cols)};
}

}  // namespace epfleet::timing
