#include <algorithm>

#include "epfleet/base/error.h"
#include "epfleet/sessions/token_rate_source.h"

namespace epfleet::sessions {
namespace {

__extension__ using Wide = unsigned __int128;  // products of two token counts

}  // namespace

std::vector<std::int64_t> proportional_parts(std::int64_t total, std::int64_t least,
                                             std::span<const std::int64_t> weights,
                                             std::span<const std::int64_t> limits) {
  std::int64_t weight_sum = 0;
  for (const std::int64_t weight : weights) {
    weight_sum += weight;
  }
  const std::int64_t to_share = total - least * static_cast<std::int64_t>(weights.size());
  EPFLEET_CHECK(to_share >= 0, "a total of at least the least parts");
  std::vector<std::int64_t> parts;
  parts.reserve(weights.size());
  std::int64_t weight_so_far = 0;
  std::int64_t shared = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    weight_so_far += weights[i];
    const auto due =
        static_cast<std::int64_t>(static_cast<Wide>(to_share) * static_cast<Wide>(weight_so_far) /
                                  static_cast<Wide>(weight_sum));
    // What a limit holds back is due to the parts that follow.
    const std::int64_t extra = std::min(due - shared, limits[i] - least);
    parts.push_back(least + extra);
    shared += extra;
  }
  for (std::size_t i = 0; i < parts.size() && shared < to_share; ++i) {
    const std::int64_t extra = std::min(to_share - shared, limits[i] - parts[i]);
    parts[i] += extra;
    shared += extra;
  }
  EPFLEET_CHECK(shared == to_share, "a total that the limits can hold");
  return parts;
}

}  // namespace epfleet::sessions
