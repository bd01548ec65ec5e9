#include "epfleet/cluster/store_path.h"

#include <algorithm>

namespace epfleet::cluster {
namespace {

std::optional<serving::Link> link(const std::optional<base::BytesPerSecond>& bandwidth) {
  return bandwidth ? std::optional<serving::Link>(*bandwidth) : std::nullopt;
}

}  // namespace

StorePath::StorePath(const cache::KvCacheConfig& config, double compute_tokens_per_s)
    : reads_(link(config.read_bandwidth)),
      writes_(link(config.write_bandwidth)),
      write_delay_(config.write_delay),
      may_recompute_(config.recompute == cache::Recompute::IfSlower),
      compute_tokens_per_s_(compute_tokens_per_s) {}

bool StorePath::is_slower(const serving::Link& nic, base::TimePoint now, std::int64_t tokens,
                          base::Bytes bytes) const {
  serving::Link tried = nic;
  base::TimePoint through = tried.reserve(now, bytes);
  if (reads_) {
    serving::Link store = *reads_;
    through = std::max(through, store.reserve(now, bytes));
  }
  return base::to_seconds(through - now) > static_cast<double>(tokens) / compute_tokens_per_s_;
}

}  // namespace epfleet::cluster
