// How a model is laid over the GPUs of a unit, and what that takes of a GPU's memory.
//
// Modelled: expert parallelism with redundant experts; attention and the shared expert on every
//   GPU; bytes of weights and of the all-to-all buffer, room for KV.
// Left out: tensor and pipeline parallelism; a sharded head.
// Source: DeepSeek's day 6 post (EP32 with 9 experts a GPU, EP144 with 2); DeepEP csrc/config.hpp.
#pragma once

#include <cstdint>
#include <vector>

#include "epfleet/base/quantity.h"
#include "epfleet/base/time.h"
#include "epfleet/model/engine.h"
#include "epfleet/model/model.h"

namespace epfleet::model {

// What the weights of routed and shared experts are stored and multiplied in. BF16 doubles their
// bytes, halves the rate of their products, and sends tokens to them in BF16 too.
enum class ExpertPrecision { Fp8, Bf16 };

// How a step overlaps computing and communication: two micro-batches, of which one computes while
// the other communicates; one batch, stage after stage; or whichever is faster, step by step.
enum class Overlap { Auto, DualBatch, None };

struct DecodeLayout {
  std::int64_t gpus = 144;
  std::int64_t redundant_experts = 32;
  std::int64_t draft_tokens = 1;  // MTP; 0: off
  Overlap overlap = Overlap::DualBatch;
  bool phase_barriers = true;  // compute and communication meet at the end of every phase
  std::int64_t gpus_per_node = 8;
  std::int64_t max_requests_per_gpu = 128;
  ExpertPrecision expert_precision = ExpertPrecision::Fp8;
  Engine engine;

  [[nodiscard]] constexpr std::int64_t tokens_per_request() const { return 1 + draft_tokens; }
  // With Auto that is how a layer is, unless it is asked for the other (timing's layers: as()).
  [[nodiscard]] constexpr bool dual_batch() const { return overlap != Overlap::None; }
  [[nodiscard]] constexpr std::int64_t micro_batches() const { return dual_batch() ? 2 : 1; }
  [[nodiscard]] constexpr bool has_mtp() const { return draft_tokens > 0; }
};

struct PrefillLayout {
  std::int64_t gpus = 32;
  std::int64_t redundant_experts = 32;
  Overlap overlap = Overlap::DualBatch;
  bool phase_barriers = true;
  bool mtp = true;  // the unit also holds and runs the MTP module
  std::int64_t gpus_per_node = 8;
  ExpertPrecision expert_precision = ExpertPrecision::Fp8;
  Engine engine;

  // With Auto that is how a layer is, unless it is asked for the other (timing's layers: as()).
  [[nodiscard]] constexpr bool dual_batch() const { return overlap != Overlap::None; }
  [[nodiscard]] constexpr std::int64_t micro_batches() const { return dual_batch() ? 2 : 1; }
  [[nodiscard]] constexpr bool has_mtp() const { return mtp; }
};

// Requests per GPU whose tokens fill the all-to-all's buffer of 128 tokens in both micro-batches:
// 2 x 128 / (1 + draft tokens).
inline constexpr std::int64_t kLowLatencyTokens = 128;
[[nodiscard]] constexpr std::int64_t auto_max_requests(std::int64_t draft_tokens) {
  return 2 * kLowLatencyTokens / (1 + draft_tokens);
}

// The fewest redundant experts, at least so many, with which every GPU has as many experts.
// `redundant_experts: auto` starts from the 32 of the published deployments: 32 at EP144, 64 at
// EP320. REQUIRES: gpus > 0.
inline constexpr std::int64_t kAutoRedundancy = 32;
[[nodiscard]] constexpr std::int64_t filling_redundancy(const Model& model, std::int64_t gpus,
                                                        std::int64_t least = kAutoRedundancy) {
  return (model.experts + least + gpus - 1) / gpus * gpus - model.experts;
}

// How unevenly the routed tokens of a micro-batch fall on the GPUs of a unit: expected max / mean
// over GPUs, averaged over the MoE layers. Made once per placement (experts/expert_load.h), read
// once per step (timing).
struct ExpertImbalance {
  // Entry i is for 2^i tokens of the whole unit in one micro-batch. Empty: always even.
  std::vector<double> max_over_mean;
};

// Routed experts held by each GPU. REQUIRES: experts and copies fill the GPUs evenly.
[[nodiscard]] std::int64_t expert_slots_per_gpu(const Model& model, std::int64_t gpus,
                                                std::int64_t redundant_experts);

// Bytes of one routed expert's weights in one layer; 44.1 MB of DeepSeek-V3 in FP8 with its scales.
[[nodiscard]] base::Bytes routed_expert_bytes(const Model& model, ExpertPrecision precision);

// How the memory of one GPU of a unit divides.
struct MemoryPlan {
  base::Bytes memory{};
  // FP8; router, embedding, head and MTP projection BF16, experts as the layout says. EP32 with
  // 9 + 1 experts: 42.9 GB; EP144 with 2 + 1: 24.7 GB.
  base::Bytes weights{};
  // Of the low-latency all-to-all: 4 x slots x tokens x (2 x hidden + 224); 2.15 GB for 288 slots
  // and 128 tokens. Normal kernels (prefill) need well under 1 GB, a part of the runtime memory.
  base::Bytes buffer{};
  base::Bytes runtime{};
  std::int64_t kv_bytes_per_token = 1;

  // Tokens of KV that fit into what is left; 0: not one.
  [[nodiscard]] std::int64_t kv_capacity_tokens() const;
};
// REQUIRES: experts and copies fill the GPUs evenly.
[[nodiscard]] MemoryPlan memory_plan(const Model& model, const DecodeLayout& layout,
                                     base::Bytes memory, base::Bytes runtime);
[[nodiscard]] MemoryPlan memory_plan(const Model& model, const PrefillLayout& layout,
                                     base::Bytes memory, base::Bytes runtime);

}  // namespace epfleet::model
