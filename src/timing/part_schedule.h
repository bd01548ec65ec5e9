// How FlashMLA divides a batch of decode attention over the parts that run side by side.
//
// Modelled: parts are filled in order. A part takes whole requests while they fit, then as much of
//   the next as fits; the rest of that one opens the next part.
// Source: FlashMLA of April 2025 (commit 9edee0c) and 2026 (9241ae3), in words of our own.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

#include "epfleet/base/arithmetic.h"

namespace epfleet::timing {

inline constexpr std::int64_t kBlock = 64;         // KV tokens; also query rows of one CTA
inline constexpr std::int64_t kRequestBlocks = 5;  // what it counts for starting a request

// What the parts of a batch have to do.
struct Schedule {
  double slowest = 0.0;     // seconds of the longest part
  double partials = 0.0;    // pieces of requests that are split
  double most_split = 0.0;  // pieces of the most split request; 0: none is
};

// `blocks(i)`: of request i of `requests`; a block takes block_s, a request that a part touches
// request_s beside that.
template <class Blocks>
Schedule schedule_of(std::int64_t requests, const Blocks& blocks_of, std::int64_t parts,
                     double block_s, double request_s) {
  std::int64_t total = 0;
  for (std::int64_t i = 0; i < requests; ++i) {
    total += blocks_of(i) + kRequestBlocks;
  }
  const std::int64_t payload = base::ceil_div(total, parts) + kRequestBlocks;
  Schedule schedule;
  std::int64_t left = payload;
  double seconds = 0.0;
  const auto take = [&](std::int64_t blocks) {
    seconds += base::real(blocks) * block_s + request_s;
    left -= blocks + kRequestBlocks;
  };
  const auto next_part = [&] {
    schedule.slowest = std::max(schedule.slowest, std::exchange(seconds, 0.0));
    left = payload;
  };
  for (std::int64_t i = 0; i < requests; ++i) {
    std::int64_t blocks = blocks_of(i);
    double pieces = 1.0;
    while (left < blocks + kRequestBlocks) {
      if (left > kRequestBlocks) {  // else nothing but the next part
        blocks -= left - kRequestBlocks;
        take(left - kRequestBlocks);
        pieces += 1.0;
      }
      next_part();
    }
    take(blocks);
    if (pieces > 1.0) {
      schedule.partials += pieces;
      schedule.most_split = std::max(schedule.most_split, pieces);
    }
  }
  next_part();
  return schedule;
}

}  // namespace epfleet::timing
