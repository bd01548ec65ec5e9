// How a model is laid over the GPUs of a unit, and what that takes of a GPU's memory.
//
// Modelled: expert parallelism with redundant experts; attention and the shared expert on every
//   GPU; bytes of weights and of the all-to-all buffer, room for KV.
// Left out: tensor and pipeline parallelism; a sharded head.
// Source: DeepSeek's day 6 post (EP32 with 9 experts a GPU, EP144 with 2); DeepEP csrc/config.hpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "epfleet/base/quantity.h"
#include "epfleet/base/time.h"
#include "epfleet/model/model.h"

namespace epfleet::model {

// What the weights of routed and shared experts are stored and multiplied in. BF16 doubles their
// bytes, halves the rate of their products, and sends tokens to them in BF16 too.
enum class ExpertPrecision { Fp8, Bf16 };

struct DecodeLayout {
  std::int64_t gpus = 144;
  std::int64_t redundant_experts = 32;
  std::int64_t draft_tokens = 1;  // MTP; 0: off
  bool dual_batch = true;         // two micro-batches overlap compute and communication
  bool phase_barriers = true;     // compute and communication meet at the end of every phase
  bool kv_b_in_bf16 = false;      // keep a BF16 copy of kv_b for the absorbed products
  std::int64_t gpus_per_node = 8;
  base::Duration host_time =
      std::chrono::milliseconds(5);  // per step, not overlapped (a guess, 2-8 ms)
  std::int64_t max_requests_per_gpu = 128;
  ExpertPrecision expert_precision = ExpertPrecision::Fp8;

  [[nodiscard]] constexpr std::int64_t tokens_per_request() const { return 1 + draft_tokens; }
  [[nodiscard]] constexpr std::int64_t micro_batches() const { return dual_batch ? 2 : 1; }
};

struct PrefillLayout {
  std::int64_t gpus = 32;
  std::int64_t redundant_experts = 32;
  bool dual_batch = true;
  bool phase_barriers = true;
  bool mtp = true;  // the unit also holds and runs the MTP module
  std::int64_t gpus_per_node = 8;
  ExpertPrecision expert_precision = ExpertPrecision::Fp8;
};

// Requests per GPU whose tokens fill the all-to-all's buffer of 128 tokens in both micro-batches:
// 2 x 128 / (1 + draft tokens).
inline constexpr std::int64_t kLowLatencyTokens = 128;
[[nodiscard]] constexpr std::int64_t auto_max_requests(std::int64_t draft_tokens) {
  return 2 * kLowLatencyTokens / (1 + draft_tokens);
}

// Routed experts held by each GPU. REQUIRES: a layout that `problem` accepts.
[[nodiscard]] std::int64_t expert_slots_per_gpu(const Model& model, std::int64_t gpus,
                                                std::int64_t redundant_experts);

// Bytes of one routed expert's weights in one layer; 44.1 MB of DeepSeek-V3 in FP8 with its scales.
[[nodiscard]] base::Bytes routed_expert_bytes(const Model& model, ExpertPrecision precision);

// Bytes of weights on one GPU (FP8; router, embedding, head and MTP projection BF16, experts as the
// layout says).
// EP32 with 9 + 1 experts: 42.9 GB; EP144 with 2 + 1: 24.7 GB.
[[nodiscard]] base::Bytes weights_bytes(const Model& model, const DecodeLayout& layout);
[[nodiscard]] base::Bytes weights_bytes(const Model& model, const PrefillLayout& layout);

// The low-latency all-to-all's buffer on one GPU: 4 x slots x tokens x (2 x hidden + 224); 2.15 GB
// for 288 slots and 128 tokens. Source: DeepEP csrc/config.hpp.
[[nodiscard]] base::Bytes low_latency_buffer_bytes(const Model& model, const DecodeLayout& layout);

// Tokens of KV that fit on one GPU beside weights, buffer and runtime memory; none if nothing is
// left.
[[nodiscard]] std::optional<base::Tokens> kv_capacity_tokens(base::Bytes memory,
                                                             base::Bytes weights,
                                                             base::Bytes buffer,
                                                             base::Bytes runtime,
                                                             std::int64_t kv_bytes_per_token);

// `redundant_experts: auto`: the smallest count >= 32 that gives every GPU as many slots, if its
// weights leave memory for KV (32 at EP144, 64 at EP320). None: no such count.
[[nodiscard]] std::optional<std::int64_t> auto_redundant_experts(const Model& model,
                                                                 const DecodeLayout& layout,
                                                                 base::Bytes memory,
                                                                 base::Bytes runtime);
[[nodiscard]] std::optional<std::int64_t> auto_redundant_experts(const Model& model,
                                                                 const PrefillLayout& layout,
                                                                 base::Bytes memory,
                                                                 base::Bytes runtime);

// What makes a layout impossible, in words for the user; none if it can be built.
[[nodiscard]] std::optional<std::string> problem(const Model& model, const DecodeLayout& layout,
                                                 base::Bytes memory, base::Bytes runtime);
[[nodiscard]] std::optional<std::string> problem(const Model& model, const PrefillLayout& layout,
                                                 base::Bytes memory, base::Bytes runtime);

}  // namespace epfleet::model
