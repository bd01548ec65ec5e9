// The time of a decode step of a whole unit.
//
// Modelled: per MoE layer, with micro-batches i and each term of the slowest GPU (five stages):
//     sum over i of max(SHARED(i) + ATTN0(1-i) + SM time of DISPATCH(i), DISPATCH(i)) + MLP(i)
//       + max(ATTN1(1-i) + SM time of COMBINE(i), COMBINE(i))
//   plus, per step: dense layers, head, sampling, the MTP module and host time; and at least the
//   host's launches, where it makes them one by one.
//   Micro-batches are either even halves of every GPU's batch or given explicitly. Without overlap
//   the stages of one batch add up; overlap `auto` takes the faster of both for every step.
// Left out: see src/timing/README.md.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "epfleet/base/token_parts.h"
#include "epfleet/timing/decode_layer.h"
#include "epfleet/timing/overlap.h"
#include "epfleet/timing/step_price.h"

namespace epfleet::timing {

// One micro-batch: requests and KV of each GPU of the unit.
struct UnitHalf {
  std::span<const std::int32_t> requests;
  std::span<const base::TokenParts32> kv;
};
using UnitHalves = std::array<UnitHalf, 2>;

class DecodeTables;

// Copies share their tables.
class DecodePricer {
 public:
  explicit DecodePricer(const DecodeLayer& layer);

  // requests[g] and kv[g] of each GPU of the unit, which splits them anew: micro-batch 0 has ceil
  // and micro-batch 1 floor of half the requests, with their part of the KV. The inner loop of a
  // day.
  // REQUIRES: both spans have layout.gpus elements; at least one request in all.
  [[nodiscard]] StepPrice price(std::span<const std::int32_t> requests,
                                std::span<const base::TokenParts32> kv) const;
  // The same for micro-batches that are what they are; equal to price() when they are its halves.
  // REQUIRES: two micro-batches (layout.dual_batch()); spans of layout.gpus elements; at least one
  // request in all.
  [[nodiscard]] StepPrice price_halves(const UnitHalves& halves) const;

  // The stages that price() applies the layer's formula to, each that of the slowest GPU; with
  // overlap `auto` those of two micro-batches. Without overlap SHARED and ATTN-0 are inside ATTN-1
  // of the first. REQUIRES: as price().
  [[nodiscard]] DecodeHalves stages(std::span<const std::int32_t> requests,
                                    std::span<const base::TokenParts32> kv) const;

 private:
  void check_gpus(const UnitHalf& load) const;

  std::shared_ptr<const DecodeTables> tables_;
};

}  // namespace epfleet::timing
