#include "epfleet/timing/collectives.h"

#include <algorithm>
#include <cmath>

#include "epfleet/base/arithmetic.h"
#include "epfleet/base/error.h"
#include "epfleet/base/real_math.h"
#include "epfleet/base/time.h"

namespace epfleet::timing {
namespace {

using base::real;

using base::to_seconds;

constexpr double kScaleBlock = 128.0;  // one FP32 scale per 128 FP8 values
constexpr double kScaleBytes = 4.0;

double log2_of(double x) { return base::real_log(x) / base::real_log(2.0); }

// Probability that none of `draws` draws without replacement from `population` hits `marked` of
// them: C(population - marked, draws) / C(population, draws), for real `marked`.
double none_drawn(double population, double marked, std::int64_t draws) {
  double probability = 1.0;
  for (std::int64_t i = 0; i < draws; ++i) {
    probability *= std::max(0.0, population - marked - real(i)) / (population - real(i));
  }
  return probability;
}

double choose(std::int64_t n, std::int64_t k) {
  double ways = 1.0;
  for (std::int64_t i = 1; i <= k; ++i) {
    ways *= real(n - k + i) / real(i);
  }
  return k < 0 || k > n ? 0.0 : ways;
}

// Probability that a place with `groups` whole groups holds one of a token's experts: sum over how
// many of its groups the token chose.
double whole_groups_hit(const model::Model& model, std::int64_t groups) {
  const double candidates = real(model.topk_groups * (model.experts / model.groups));
  double hit = 0.0;
  for (std::int64_t chosen = 1; chosen <= std::min(groups, model.topk_groups); ++chosen) {
    const double ways = choose(groups, chosen) *
                        choose(model.groups - groups, model.topk_groups - chosen) /
                        choose(model.groups, model.topk_groups);
    const double marked = real(chosen * (model.experts / model.groups));
    hit += ways * (1.0 - none_drawn(candidates, marked, model.top_k));
  }
  return hit;
}

}  // namespace

double dispatch_bytes_per_token(const model::Model& model) {
  return real(model.hidden) * (1.0 + kScaleBytes / kScaleBlock);
}

double combine_bytes_per_token(const model::Model& model) { return 2.0 * real(model.hidden); }

double expected_distinct_places(const model::Model& model, std::int64_t places) {
  const double per_group = real(model.experts) / real(model.groups);
  const double per_place = real(model.experts) / real(places);
  if (per_place <= per_group) {  // a place lies inside one group
    const double chosen = real(model.topk_groups) / real(model.groups);
    const double candidates = real(model.topk_groups) * per_group;
    return real(places) * chosen * (1.0 - none_drawn(candidates, per_place, model.top_k));
  }
  // Where groups do not divide places, the place lies between two whole numbers of groups.
  const double groups = per_place / per_group;
  const double low = std::floor(groups);
  const double low_hit = whole_groups_hit(model, static_cast<std::int64_t>(low));
  if (low == groups) {
    return real(places) * low_hit;
  }
  const double high_hit = whole_groups_hit(model, static_cast<std::int64_t>(low) + 1);
  return real(places) * (low_hit + (groups - low) * (high_hit - low_hit));
}

double imbalance_at(const model::ExpertImbalance& imbalance, double unit_tokens) {
  const auto& knots = imbalance.max_over_mean;
  if (knots.empty()) {
    return 1.0;
  }
  if (unit_tokens <= 1.0) {
    return knots.front();
  }
  const double position = std::max(0.0, log2_of(unit_tokens));
  const auto knot = static_cast<std::size_t>(position);
  if (knot + 1 >= knots.size()) {
    return knots.back();
  }
  const double fraction = position - real(static_cast<std::int64_t>(knot));
  return knots[knot] + fraction * (knots[knot + 1] - knots[knot]);
}

// With NVLink, only copies for other nodes take the NIC. A dispatch sends those within the node by
// the same SMs, one after the other; a combine reads both at once. (That is how the published times
// of EP8 to EP256 add up, not what the kernels' source says.)
LowLatencyAllToAll::LowLatencyAllToAll(const hardware::HardwareProfile& hardware,
                                       const model::Model& model, std::int64_t gpus,
                                       std::int64_t gpus_per_node, bool beside_compute) {
  EPFLEET_CHECK(gpus > 0 && gpus_per_node > 0, "an all-to-all has ranks");
  const double doublings = log2_of(real(gpus) / real(hardware.low_latency_reference_gpus));
  const double inside =
      hardware.low_latency_nvlink ? std::min(1.0, real(gpus_per_node) / real(gpus)) : 0.0;
  const auto nic = [&](base::Duration per_token, double growth) {
    return (1.0 - inside) * to_seconds(per_token) * std::max(0.0, 1.0 + growth * doublings);
  };
  const auto nvlink = [&](double bytes) {
    return inside * real(model.top_k) * bytes / hardware.nvlink_bandwidth.count();
  };
  fixed_ = to_seconds(hardware.low_latency_fixed);
  dispatch_slope_ =
      nic(hardware.low_latency_dispatch_per_token, hardware.low_latency_dispatch_growth) +
      nvlink(dispatch_bytes_per_token(model));
  combine_slope_ =
      std::max(nic(hardware.low_latency_combine_per_token, hardware.low_latency_combine_growth),
               nvlink(combine_bytes_per_token(model)));
  in_situ_ = beside_compute ? hardware.low_latency_combine_in_situ : 1.0;
  if (beside_compute) {
    dispatch_sms_ = {to_seconds(hardware.low_latency_dispatch_sm_fixed),
                     to_seconds(hardware.low_latency_dispatch_sm_per_token)};
    combine_sms_ = {to_seconds(hardware.low_latency_combine_sm_fixed),
                    to_seconds(hardware.low_latency_combine_sm_per_token)};
  }
}

NormalAllToAll::NormalAllToAll(const hardware::HardwareProfile& hardware, const model::Model& model,
                               std::int64_t gpus, std::int64_t gpus_per_node, bool beside_compute)
    : dispatch_barrier_(to_seconds(hardware.normal_dispatch_barrier)),
      combine_barrier_(to_seconds(hardware.normal_combine_barrier)),
      barrier_tokens_(real(hardware.normal_barrier_tokens)),
      distinct_gpus_(expected_distinct_places(model, gpus)) {
  const std::int64_t nodes = std::max<std::int64_t>(1, gpus / gpus_per_node);
  // One node needs no NIC. Beyond it either all copies for nodes count, the sender's own too, or
  // those that really leave the node.
  const double over_nic = hardware.normal_counts_local_node ? 1.0 : 1.0 - 1.0 / real(nodes);
  const double copies = nodes == 1 ? 0.0 : over_nic * expected_distinct_places(model, nodes);
  const double nvlink =
      (nodes == 1 ? hardware.nvlink_bandwidth : hardware.normal_forward_bandwidth).count();
  const double in_situ = beside_compute ? hardware.normal_in_situ_factor : 1.0;
  const auto slope = [&](double bytes, double nic) {
    return in_situ * bytes * std::max(copies / nic, distinct_gpus_ / nvlink);
  };
  dispatch_slope_ =
      slope(dispatch_bytes_per_token(model), hardware.normal_dispatch_bandwidth.count());
  combine_slope_ = slope(combine_bytes_per_token(model), hardware.normal_combine_bandwidth.count());
  dispatch_fixed_ = to_seconds(hardware.normal_dispatch_fixed);
  combine_fixed_ = to_seconds(hardware.normal_combine_fixed);
}

}  // namespace epfleet::timing
