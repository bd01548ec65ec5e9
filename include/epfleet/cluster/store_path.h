// To and from the store: a node's storage NIC, then the store's own bandwidth, which all nodes
// share. Both serve one transfer after another, so a hit can wait longer than computing it anew
// would take.
// Modelled: a transfer ends when the slower of the two is done with it; writes can be hit a fixed
//   delay later; the rule that computes a hit anew when one GPU, undisturbed, would have it sooner.
// Left out: placement on storage nodes and their imbalance; the queue that a recomputed hit
//   lengthens.
#pragma once

#include <algorithm>
#include <optional>

#include "epfleet/cache/config.h"
#include "epfleet/serving/link.h"

namespace epfleet::cluster {

class StorePath {
 public:
  // `compute_tokens_per_s`: of one prefill GPU.
  StorePath(const cache::KvCacheConfig& config, double compute_tokens_per_s);

  // Through `nic`; returns when the last byte has come, or when what was written can be hit.
  base::TimePoint read(serving::Link& nic, base::TimePoint now, base::Bytes bytes) {
    const base::TimePoint through = nic.reserve(now, bytes);
    return reads_ ? std::max(through, reads_->reserve(now, bytes)) : through;
  }
  base::TimePoint write(serving::Link& nic, base::TimePoint now, base::Bytes bytes) {
    const base::TimePoint through = nic.reserve(now, bytes);
    return (writes_ ? std::max(through, writes_->reserve(now, bytes)) : through) + write_delay_;
  }

  // Whether the hit is computed anew instead of read.
  [[nodiscard]] bool recomputes(const serving::Link& nic, base::TimePoint now, std::int64_t tokens,
                                base::Bytes bytes) const {
    return may_recompute_ && is_slower(nic, now, tokens, bytes);
  }

 private:
  [[nodiscard]] bool is_slower(const serving::Link& nic, base::TimePoint now, std::int64_t tokens,
                               base::Bytes bytes) const;

  std::optional<serving::Link> reads_, writes_;  // the store's own
  base::Duration write_delay_;
  bool may_recompute_;
  double compute_tokens_per_s_;
};

}  // namespace epfleet::cluster
