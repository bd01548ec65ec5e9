// The load balancers' questions: which prefill unit, which GPU of it; which decode unit, which GPU
// of it. A rule sees value snapshots of queues and loads, never live objects, and never a request's
// output length: what a real balancer cannot know is not in these types. Rules may keep state of
// their own (a turn counter).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace epfleet::policy {

// Two-dimensional load of a choice: prefill (tokens, attention work), decode (requests, KV tokens).
// All spans of one view have one element per candidate, indexed by unit or GPU.

struct PrefillAsk {
  float tokens = 0.0F;           // to compute: prompt less hit
  float attention_pairs = 0.0F;  // query-key pairs of these tokens
};

struct PrefillView {
  std::span<const std::uint32_t> open;  // candidates, ascending; never empty
  std::span<const float>
      tokens;  // waiting and in the running step (unit), or already in the step (GPU)
  std::span<const float> attention_pairs;
  // Sums over all elements, closed ones included (they carry nothing, or what closed them).
  float tokens_total = 0.0F;
  float attention_pairs_total = 0.0F;
};

class PrefillRule {
 public:
  virtual ~PrefillRule() = default;
  // The bound that no balancer reaches: the GPUs of a unit step as if they shared its load evenly.
  [[nodiscard]] virtual bool evens_out() const { return false; }
  // Returns an element of view.open.
  [[nodiscard]] virtual std::uint32_t choose(const PrefillAsk& ask, const PrefillView& view) = 0;
};

struct DecodeAsk {
  std::int32_t kv_fixed = 0;  // KV of the prompt, in 1/256 token
};

struct DecodeUnitView {
  std::span<const std::uint32_t> open;     // candidates, ascending; never empty
  std::span<const std::int64_t> requests;  // placed, waiting ones included
  std::span<const std::int64_t> kv_fixed;
};

class DecodeUnitRule {
 public:
  virtual ~DecodeUnitRule() = default;
  [[nodiscard]] virtual std::uint32_t choose(const DecodeAsk& ask, const DecodeUnitView& view) = 0;
};

// The GPUs of one unit; element i is GPU i.
struct DecodeGpuView {
  std::span<const std::int32_t> requests;  // placed: running or their KV on its way
  std::span<const std::int32_t> kv_fixed;
  std::int64_t requests_total = 0;  // sums over the GPUs
  std::int64_t kv_fixed_total = 0;
  std::int32_t request_limit = 0;   // a GPU has room if requests < limit ...
  std::int32_t kv_limit_fixed = 0;  // ... and kv + ask <= limit
};

class DecodeGpuRule {
 public:
  virtual ~DecodeGpuRule() = default;
  // The bound that no balancer reaches: the GPUs of a unit step as if they shared its load evenly.
  [[nodiscard]] virtual bool evens_out() const { return false; }
  // None: no GPU has room.
  [[nodiscard]] virtual std::optional<std::uint32_t> choose(const DecodeAsk& ask,
                                                            const DecodeGpuView& view) = 0;
};

}  // namespace epfleet::policy
