// The load balancers' questions: which prefill unit, which GPU of it; which decode unit, which GPU
// of it. A rule sees value snapshots of queues and loads, never live objects, and never a request's
// output length: what a real balancer cannot know is not in these types. Rules may keep state of
// their own (a counter).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "epfleet/base/token_parts.h"

namespace epfleet::policy {

// Two-dimensional load of a choice: prefill (tokens, attention work), decode (requests, KV tokens).
// All spans of one view have one element per candidate, indexed by unit or GPU.

template <class DemandType, class ViewType, class ChoiceType>
class Balancer {
 public:
  using Demand = DemandType;
  using View = ViewType;
  using Choice = ChoiceType;

  virtual ~Balancer() = default;
  // The bound that no balancer reaches: the GPUs of a unit step as if they shared its load evenly.
  [[nodiscard]] virtual bool evens_out() const { return false; }
  [[nodiscard]] virtual Choice choose(const Demand& demand, const View& view) = 0;
};

struct PrefillDemand {
  float tokens = 0.0F;           // to compute: prompt less hit
  float attention_pairs = 0.0F;  // query-key pairs of these tokens
};

struct PrefillView {
  std::span<const std::uint32_t> open;  // candidates, ascending; never empty
  // Waiting and in the running step (unit), or already in the step (GPU). Those that are not open
  // show infinity; more such follow up to a multiple of kLanes, so that vectors have no remainder.
  static constexpr std::size_t kLanes = 8;
  std::span<const float> tokens{};
  std::span<const float> attention_pairs{};
  // Sums over all elements, closed ones included (they carry nothing, or what closed them).
  float tokens_total = 0.0F;
  float attention_pairs_total = 0.0F;
};

struct DecodeDemand {
  base::TokenParts32 kv;  // of the prompt
};

struct DecodeUnitView {
  std::span<const std::uint32_t> open;  // candidates, ascending; never empty
  // Whole numbers, in the type that scores are computed in: requests that are placed, waiting ones
  // included, and their KV in parts of a token. Those that are not open show kClosed; more such
  // follow up to a multiple of kLanes, so that vectors have no remainder.
  static constexpr std::size_t kLanes = 4;
  static constexpr double kClosed = 1e300;
  std::span<const double> requests{};
  std::span<const double> kv{};
  double requests_total = 0.0, kv_total = 0.0;  // sums over the open ones
};

// The GPUs of one unit; element i is GPU i.
struct DecodeGpuView {
  // Placed, running or their KV on its way, and one more: the one that asks. Whole numbers, in the
  // type that scores are computed in.
  std::span<const float> with_one_more{};
  std::span<const base::TokenParts32> kv{};
  std::int64_t requests_total = 0;  // sums over the GPUs
  base::TokenParts kv_total{};
  std::int32_t request_limit = 0;
  base::TokenParts32 kv_limit{};

  [[nodiscard]] bool has_room(std::size_t gpu, const DecodeDemand& demand) const {
    return with_one_more[gpu] <= static_cast<float>(request_limit) &&
           kv[gpu] <= kv_limit - demand.kv;
  }
};

// Choose an element of view.open.
using PrefillRule = Balancer<PrefillDemand, PrefillView, std::uint32_t>;
using DecodeUnitRule = Balancer<DecodeDemand, DecodeUnitView, std::uint32_t>;
// Chooses a GPU; none: no GPU has room.
using DecodeGpuRule = Balancer<DecodeDemand, DecodeGpuView, std::optional<std::uint32_t>>;

}  // namespace epfleet::policy
