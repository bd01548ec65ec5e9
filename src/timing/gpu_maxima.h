// The two passes over the GPUs of a decode unit that every step makes: integer totals, and the
// largest of KV x slope[requests] + fixed[requests] for four terms at a time. Four floats are one
// vector of the x86-64 baseline: no gathers, no choice by CPU, the same bits everywhere.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "epfleet/base/token_parts.h"

namespace epfleet::timing {

struct UnitTotals {
  std::int32_t fullest = 0;  // requests of the fullest GPU
  std::int64_t requests = 0;
  std::int64_t odd = 0;  // GPUs with an odd number of requests
  base::TokenParts kv;
};

// Seconds of one GPU.
struct alignas(16) GpuTerms {
  // ATTN-1 of one layer, each micro-batch; with the SM time of the other's COMBINE.
  float batch[2] = {0.0F, 0.0F};
  float dense = 0.0F;  // all dense layers, whole batch
  float whole = 0.0F;  // SHARED, ATTN-0 and ATTN-1 of one layer, the batch undivided
};

// By a GPU's requests: what is the same for any KV, and per part of a token of KV.
struct GpuLine {
  GpuTerms fixed, slope;
};

[[nodiscard]] UnitTotals unit_totals(std::span<const std::int32_t> requests,
                                     std::span<const base::TokenParts32> kv);

// The largest of each term. REQUIRES: every requests[g] is below lines.size(); spans of equal size.
[[nodiscard]] GpuTerms slowest_terms(std::span<const std::int32_t> requests,
                                     std::span<const base::TokenParts32> kv,
                                     std::span<const GpuLine> lines);

}  // namespace epfleet::timing
