// The role of the on-disk KV cache: how much of a prompt's start is stored, and what becomes of
// what is written. Takes `now` as an argument and never looks at a clock.
// Modelled: whole blocks from token 0; entries that exist once written; capacity, TTL, eviction.
// Left out: bandwidth (serving has the storage NICs) and placement on storage nodes.
// Three models: a stated share of every prompt (statistical_cache.cpp), what sessions and shared
// prefixes really left behind (session_cache.h), or blocks with ids (block_cache.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "epfleet/base/huge_pages.h"
#include "epfleet/base/quantity.h"
#include "epfleet/base/sum_check.h"
#include "epfleet/base/time.h"
#include "epfleet/cache/config.h"
#include "epfleet/workload/request.h"
#include "epfleet/workload/source.h"
#include "epfleet/workload/stored_extent.h"

namespace epfleet::cache {

using Extent = workload::StoredExtent;

// What a prompt finds. A mechanistic cache accounts for every token that an ideal (infinite,
// instant, warm, unblocked) cache would hit: hit + lost parts == max(session_tokens,
// shared_tokens), at most the prompt. A broken chain of blocks loses all that follows, to the cause
// of the first break.
struct Lookup {
  std::int32_t hit_tokens = 0;     // whole blocks; the caller computes at least the last token
  std::int32_t lost_cold = 0;      // never stored before in this run
  std::int32_t lost_capacity = 0;  // evicted, and not yet too old
  std::int32_t lost_ttl = 0;       // too old, evicted or not
  std::int32_t lost_rounding = 0;  // the partial last block
  std::int32_t lost_not_yet_written = 0;
};

class PrefixCache {
 public:
  PrefixCache() = default;
  PrefixCache(const PrefixCache&) = delete;
  PrefixCache& operator=(const PrefixCache&) = delete;
  virtual ~PrefixCache() = default;

  // In all calls `own` is what is kept of the request's session: by the caller, from one call to
  // the next, or by the cache (see session()). A new session has an Extent{}.

  // The prompt arrives and is matched; counts as a use of what it matches, also of what is still
  // being written. What the session stored beyond session_tokens is no longer its own. A request
  // prefilled again after its prompt was stored comes with session_tokens = prompt_tokens and
  // first_turn = false. Times of calls never go back.
  [[nodiscard]] virtual Lookup lookup(const workload::Request& request, Extent& own,
                                      base::TimePoint now) = 0;

  // The request's first `tokens` tokens (prompt, or prompt + output) are being written and can be
  // hit from `stored_at` on (>= now); counts as a use of all of them. Only what is not stored yet
  // is new: returns how many of the tokens were there before or on their way.
  [[nodiscard]] virtual std::int32_t store(const workload::Request& request, Extent& own,
                                           std::int64_t tokens, base::TimePoint now,
                                           base::TimePoint stored_at) = 0;
  // That store() had more to write than its caller knew: what of the request is on its way can be
  // hit from this later moment on. REQUIRES: no other call was made since.
  virtual void postpone(const workload::Request& /*request*/, Extent& /*own*/,
                        base::TimePoint /*stored_at*/) {}

  // The session will not return (its last request is finished): what it stored stays until it is
  // evicted, but only in the totals.
  virtual void forget_session(const workload::Request& /*last*/, Extent& /*own*/) {}

  // What the cache itself keeps of the session in this slot, for callers that do not: those of
  // sessions whose requests overlap. Valid until the next call of this.
  [[nodiscard]] virtual Extent& session(std::uint32_t /*slot*/) { return of_no_session_; }
  // All of that, by slot, for callers that keep it from now on; none: nothing is kept by session.
  [[nodiscard]] virtual std::optional<base::HugeVector<Extent>> give_up_sessions() {
    return std::nullopt;
  }
  [[nodiscard]] Lookup lookup(const workload::Request& request, base::TimePoint now) {
    return lookup(request, session(request.prefix.session_slot), now);
  }
  [[nodiscard]] std::int32_t store(const workload::Request& request, std::int64_t tokens,
                                   base::TimePoint now, base::TimePoint stored_at) {
    return store(request, session(request.prefix.session_slot), tokens, now, stored_at);
  }
  void postpone(const workload::Request& request, base::TimePoint stored_at) {
    postpone(request, session(request.prefix.session_slot), stored_at);
  }
  void forget_session(const workload::Request& last) {
    forget_session(last, session(last.prefix.session_slot));
  }

  // The content at the start of the run, from the workload's look-back. Where there is any, every
  // shared prefix counts as stored, last used with the newest of it (the store is a warm one).
  // REQUIRES: no other call was made before.
  virtual void warm(std::span<const workload::WarmExtent> /*extents*/,
                    std::span<const workload::WarmTotal> /*totals*/) {}

  [[nodiscard]] virtual std::int64_t stored_tokens(base::TimePoint /*now*/) { return 0; }
  // Most that was stored at any moment since the last restart, or since the start.
  [[nodiscard]] virtual std::int64_t peak_tokens() const { return 0; }
  virtual void restart_peak(base::TimePoint /*now*/) {}

  // What is kept of the content against the content; `elsewhere`: what callers keep of sessions.
  virtual void check_sums(base::SumCheck& /*check*/, std::span<const Extent> /*elsewhere*/) const {}

 private:
  Extent of_no_session_;  // of caches that keep nothing by session
};

// bytes_per_token turns the configured capacity into tokens; shared_prefixes is
// Source::shared_prefixes(). Throws InputError for the rules that need block traces (s3fifo, lfu).
[[nodiscard]] std::unique_ptr<PrefixCache> make_prefix_cache(const KvCacheConfig& config,
                                                             std::int64_t bytes_per_token,
                                                             std::size_t shared_prefixes,
                                                             std::uint64_t seed);

}  // namespace epfleet::cache
