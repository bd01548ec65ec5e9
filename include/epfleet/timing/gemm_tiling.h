// Which tiles DeepGEMM cuts an FP8 product into: what makes its time a saw-tooth in m.
//
// Modelled: the choice among the legal tile sizes and the stages of the pipeline that shared memory
//   leaves. By the rule `waves` fewest waves, then the fullest last wave, then the less wasteful
//   tile; by `cycles` the least traffic through L1 or L2 by how full the waves are.
// Left out: multicast, but for what it saves of that traffic; other element types.
// Source: DeepGEMM of January 2026 (commit 0f5f266) and June 2026 (54e2261), in words of our own.
//   The tests compare the first with the tiling that all 1,114 measured products report (measured,
//   h100 grid); the second is known by the times alone.
#pragma once

#include <cstdint>

#include "epfleet/hardware/profile.h"

namespace epfleet::timing {

enum class GemmLayout { Dense, Masked, Contiguous };

struct GemmTiling {
  std::int64_t rows = 0, cols = 0;  // of a tile: the library's block_m and block_n
  std::int64_t stages = 0;          // k-steps that are loaded ahead
  bool unrolled = false;            // scales change inside the tile: at most four stages
};

inline constexpr std::int64_t kGemmStep = 128;  // of k

// `m`: rows of one group (masked: as many as the caller expects), of all groups (contiguous).
// REQUIRES: all numbers > 0; `groups` is 1 unless masked.
[[nodiscard]] GemmTiling choose_tiling(GemmLayout layout, std::int64_t m, std::int64_t n,
                                       std::int64_t k, std::int64_t groups, std::int64_t sms,
                                       hardware::GemmTiles rule = hardware::GemmTiles::Waves);

}  // namespace epfleet::timing
