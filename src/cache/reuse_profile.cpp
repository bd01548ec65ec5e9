#include "epfleet/cache/reuse_profile.h"

#include <algorithm>
#include <cmath>

#include "epfleet/base/error.h"
#include "epfleet/base/real_math.h"

namespace epfleet::cache {
namespace {

constexpr std::size_t kFewestPositions = 1024;
constexpr double kBinsPerE = 24.0;  // bins to a factor of e

// How many leading values are at most `limit`; the values never fall.
template <class Values, class Limit>
std::int64_t leading(const Values& values, const Limit& limit) {
  return std::upper_bound(values.begin(), values.end(), limit) - values.begin();
}

}  // namespace

void ReuseProfile::RatioBins::add(double value) {
  constexpr int kZero = -10'000;
  ++bins_[value > 0.0 ? static_cast<int>(std::floor(base::real_log(value) * kBinsPerE)) : kZero];
  ++count_;
}

double ReuseProfile::RatioBins::quantile(double share) const {
  std::int64_t seen = 0;
  for (const auto& [bin, count] : bins_) {
    seen += count;
    if (static_cast<double>(seen) >= share * static_cast<double>(count_)) {
      return base::real_exp((bin + 0.5) / kBinsPerE);
    }
  }
  return 0.0;
}

ReuseProfile::ReuseProfile(std::int64_t block_tokens, std::vector<std::int64_t> capacities,
                           std::vector<base::Duration> ttls)
    : block_tokens_(block_tokens),
      capacities_(std::move(capacities)),
      ttls_(std::move(ttls)),
      lru_(capacities_.size()),
      by_ttl_(ttls_.size()),
      used_by_(kFewestPositions),
      tree_(kFewestPositions + 1) {
  EPFLEET_CHECK(block_tokens_ > 0, "a block has tokens");
}

double ReuseProfile::ratio(std::int64_t hit) const {
  return input_ > 0 ? static_cast<double>(hit) / static_cast<double>(input_) : 0.0;
}

void ReuseProfile::mark(std::uint32_t position, std::int32_t by) {
  for (std::size_t i = std::size_t{position} + 1; i < tree_.size(); i += i & (~i + 1)) {
    tree_[i] += by;
  }
}

// Blocks used since this one was, itself included: how large an LRU store must be to have it.
std::int64_t ReuseProfile::depth(const Block& block) const {
  std::int64_t not_later = 0;
  for (std::size_t i = std::size_t{block.position} + 1; i > 0; i -= i & (~i + 1)) {
    not_later += tree_[i];
  }
  return static_cast<std::int64_t>(blocks_.size()) - not_later + 1;
}

void ReuseProfile::match(base::Duration time, std::span<const workload::BlockId> blocks) {
  depths_.clear();
  ages_.clear();
  for (const workload::BlockId id : blocks) {
    const auto found = index_.find(id);
    if (found == index_.end()) {
      break;
    }
    const Block& block = blocks_[found->second];
    const std::int64_t deep = depth(block);
    const base::Duration age = time - block.last_use;
    distances_.add(static_cast<double>(deep * block_tokens_));
    intervals_.add(base::to_seconds(age));
    depths_.push_back(depths_.empty() ? deep : std::max(depths_.back(), deep));
    ages_.push_back(ages_.empty() ? age : std::max(ages_.back(), age));
  }
}

// Positions anew from 0 on, without those of earlier uses.
void ReuseProfile::renumber() {
  std::vector<std::uint32_t> in_order;
  in_order.reserve(blocks_.size());
  for (std::uint32_t position = 0; position < next_position_; ++position) {
    const std::uint32_t index = used_by_[position];
    if (blocks_[index].position == position) {
      in_order.push_back(index);
    }
  }
  used_by_.resize(std::max(kFewestPositions, 2 * in_order.size()));
  tree_.assign(used_by_.size() + 1, 0);
  next_position_ = 0;
  for (const std::uint32_t index : in_order) {
    blocks_[index].position = next_position_;
    used_by_[next_position_] = index;
    mark(next_position_++, 1);
  }
}

void ReuseProfile::touch(workload::BlockId id, base::Duration time) {
  if (next_position_ == used_by_.size()) {
    renumber();
  }
  const auto [entry, is_new] = index_.try_emplace(id, static_cast<std::uint32_t>(blocks_.size()));
  const std::uint32_t index = entry->second;
  if (is_new) {
    blocks_.emplace_back();
  } else {
    mark(blocks_[index].position, -1);
  }
  blocks_[index] = {next_position_, time};
  used_by_[next_position_] = index;
  mark(next_position_++, 1);
}

void ReuseProfile::add(base::Duration time, std::int64_t input,
                       std::span<const workload::BlockId> blocks) {
  match(time, blocks);
  const auto tokens = [&](std::int64_t matched) {
    return std::min(matched * block_tokens_, input);
  };
  input_ += input;
  ideal_ += tokens(static_cast<std::int64_t>(depths_.size()));
  for (std::size_t i = 0; i < capacities_.size(); ++i) {
    lru_[i] += tokens(leading(depths_, capacities_[i] / block_tokens_));
  }
  for (std::size_t i = 0; i < ttls_.size(); ++i) {
    by_ttl_[i] += tokens(leading(ages_, ttls_[i]));
  }
  for (std::size_t i = blocks.size(); i > 0; --i) {
    touch(blocks[i - 1], time);
  }
}

}  // namespace epfleet::cache
