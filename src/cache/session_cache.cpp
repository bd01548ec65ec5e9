#include "epfleet/cache/session_cache.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/base/huge_pages.h"
#include "epfleet/cache/extent_store.h"

namespace epfleet::cache {
namespace {

class SessionCache final : public PrefixCache {
 public:
  SessionCache(const KvCacheConfig& config, std::int64_t bytes_per_token,
               std::size_t shared_prefixes)
      : store_(config, bytes_per_token),
        isolated_(config.isolation == Isolation::Session),
        shared_(shared_prefixes),
        length_unknown_(shared_prefixes, 0) {}

  // Each one function, with all that it calls: a request makes one lookup and one or two stores.
  [[gnu::flatten]] Lookup lookup(const workload::Request& request, Extent& own,
                                 base::TimePoint now) override;
  [[gnu::flatten]] std::int32_t store(const workload::Request& request, Extent& own,
                                      std::int64_t tokens, base::TimePoint now,
                                      base::TimePoint stored_at) override;
  void postpone(const workload::Request& request, Extent& own, base::TimePoint stored_at) override;
  void forget_session(const workload::Request& /*last*/, Extent& own) override { own = Extent{}; }
  Extent& session(std::uint32_t slot) override {
    if (slot >= sessions_.size()) {
      sessions_.resize(std::size_t{slot} + 1);
    }
    return sessions_[slot];
  }
  std::optional<base::HugeVector<Extent>> give_up_sessions() override {
    return std::exchange(sessions_, {});
  }
  void warm(std::span<const workload::WarmExtent> extents,
            std::span<const workload::WarmTotal> totals) override;
  std::int64_t stored_tokens(base::TimePoint now) override {
    store_.advance(now);
    return store_.stored_tokens();
  }
  std::int64_t peak_tokens() const override { return store_.peak_tokens(); }
  void restart_peak(base::TimePoint now) override {
    store_.advance(now);
    store_.restart_peak();
  }
  void check_sums(base::SumCheck& check, std::span<const Extent> elsewhere) const override {
    store_.check_sums(check, {sessions_, shared_, elsewhere});
  }

 private:
  void adopt(Extent& own, std::int32_t shared_blocks);
  Extent& shared_extent(std::uint32_t id, std::int32_t length);
  const Extent& follow_chain(const workload::PrefixIdentity& prefix, Extent& own,
                             std::int32_t wanted, Chain& chain);

  // As far as others' content may be hit: isolated sessions share nothing.
  [[nodiscard]] std::int32_t shared_blocks(const workload::PrefixIdentity& prefix) const {
    return isolated_ ? 0 : store_.whole_blocks(prefix.shared_tokens);
  }

  ExtentStore store_;
  bool isolated_;
  base::HugeVector<Extent> sessions_;  // by slot, if they are kept here
  std::vector<Extent> shared_;         // by id
  // Shared prefixes of a warm store count as stored; their lengths are known at the first use only.
  std::vector<std::uint8_t> length_unknown_;
  bool recounted_ = false;
};

// A session's extent begins at the end of the shared blocks. A warm one counts them as its own
// until its session returns and tells how many they are.
void SessionCache::adopt(Extent& extent, std::int32_t shared_blocks) {
  if (extent.first != shared_blocks) {
    EPFLEET_CHECK(extent.first == 0 || extent.end == extent.first,
                  "the shared prefix of a session does not change");
    const std::int32_t counted = std::min(shared_blocks, extent.end) - extent.first;
    if (counted > 0 && store_.alive(extent)) {
      store_.recount(extent, -store_.tokens(counted));
    }
    extent.first = shared_blocks;
    extent.end = std::max(extent.end, shared_blocks);
    extent.ready = std::max(extent.ready, shared_blocks);
  }
}

Extent& SessionCache::shared_extent(std::uint32_t id, std::int32_t length) {
  EPFLEET_CHECK(id < shared_.size(), "a shared prefix is one of those announced");
  Extent& extent = shared_[id];
  if (length_unknown_[id] != 0) {
    length_unknown_[id] = 0;
    extent.end = extent.ready = length;
    if (store_.alive(extent)) {
      store_.recount(extent, store_.tokens(length));
      recounted_ = true;
    }
  }
  return extent;
}

// Matches `wanted` blocks from token 0 on; returns the extent at which the chain breaks, or the
// last.
const Extent& SessionCache::follow_chain(const workload::PrefixIdentity& prefix, Extent& own,
                                         std::int32_t wanted, Chain& chain) {
  const std::int32_t blocks_shared = shared_blocks(prefix);
  adopt(own, blocks_shared);
  ExtentStore::trim(own, wanted);
  if (blocks_shared > 0) {
    Extent& shared = shared_extent(prefix.shared_id, blocks_shared);
    store_.follow(shared, chain);
    EPFLEET_CHECK(chain.matched <= blocks_shared, "the length of a shared prefix does not change");
    if (chain.matched < blocks_shared) {
      return shared;
    }
  }
  if (wanted > blocks_shared) {
    store_.follow(own, chain);
  }
  return own;
}

Lookup SessionCache::lookup(const workload::Request& request, Extent& own, base::TimePoint now) {
  const workload::PrefixIdentity& prefix = request.prefix;
  const std::int32_t ideal = std::max(prefix.session_tokens, prefix.shared_tokens);
  EPFLEET_CHECK(ideal <= request.prompt_tokens, "a prompt contains its prefixes");
  store_.advance(now);
  if (prefix.first_turn) {
    own = Extent{};
  }
  const std::int32_t wanted = store_.whole_blocks(ideal);
  Chain chain;
  const Extent& broken = follow_chain(prefix, own, wanted, chain);

  Lookup found;
  found.hit_tokens = static_cast<std::int32_t>(store_.tokens(chain.hit));
  found.lost_not_yet_written = static_cast<std::int32_t>(store_.tokens(chain.matched - chain.hit));
  found.lost_rounding = ideal - static_cast<std::int32_t>(store_.tokens(wanted));
  if (chain.matched < wanted) {
    found.*store_.why_missing(broken) =
        static_cast<std::int32_t>(store_.tokens(wanted - chain.matched));
  }
  if (recounted_) [[unlikely]] {  // a warm shared prefix has just got its length
    recounted_ = false;
    store_.evict();
  }
  return found;
}

std::int32_t SessionCache::store(const workload::Request& request, Extent& own, std::int64_t tokens,
                                 base::TimePoint now, base::TimePoint stored_at) {
  const workload::PrefixIdentity& prefix = request.prefix;
  EPFLEET_CHECK(stored_at >= now, "a write ends after it begins");
  EPFLEET_CHECK(tokens >= prefix.shared_tokens, "a prompt contains its prefixes");
  store_.advance(now);
  const std::int32_t blocks_shared = shared_blocks(prefix);
  std::int32_t written = 0;
  if (blocks_shared > 0) {
    Extent& shared = shared_extent(prefix.shared_id, blocks_shared);
    written += store_.write(shared, blocks_shared, stored_at);
  }
  adopt(own, blocks_shared);
  const std::int32_t whole = store_.whole_blocks(static_cast<std::int32_t>(tokens));
  written += store_.write(own, whole, stored_at);
  store_.evict();
  return static_cast<std::int32_t>(store_.tokens(whole - written));
}

void SessionCache::postpone(const workload::Request& request, Extent& own,
                            base::TimePoint stored_at) {
  const workload::PrefixIdentity& prefix = request.prefix;
  store_.postpone(own, stored_at);
  if (shared_blocks(prefix) > 0) {
    store_.postpone(shared_[prefix.shared_id], stored_at);
  }
}

void SessionCache::warm(std::span<const workload::WarmExtent> extents,
                        std::span<const workload::WarmTotal> totals) {
  if (extents.empty() && totals.empty()) {
    return;
  }
  EPFLEET_CHECK(!store_.started(), "a cache is warmed before it is used");
  struct Item {
    base::TimePoint last_use;
    std::int64_t tokens = 0;
    std::optional<std::uint32_t> slot;
  };
  base::HugeVector<Item> items;
  items.reserve(extents.size() + totals.size());
  for (const workload::WarmExtent& extent : extents) {
    const std::int64_t whole = store_.tokens(store_.whole_blocks(extent.tokens));
    items.push_back({extent.last_use, whole, extent.session_slot});
  }
  for (const workload::WarmTotal& total : totals) {
    items.push_back({total.last_use, total.tokens, std::nullopt});
  }
  std::ranges::sort(items, {}, &Item::last_use);
  for (const Item& item : items) {
    const Extent extent = store_.put(item.tokens, item.last_use);
    if (item.slot) {
      session(*item.slot) = extent;
    }
  }
  const Extent length_to_come = store_.put(0, items.back().last_use);
  std::fill(shared_.begin(), shared_.end(), length_to_come);
  length_unknown_.assign(shared_.size(), 1);
  store_.evict();
}

}  // namespace

std::unique_ptr<PrefixCache> make_session_cache(const KvCacheConfig& config,
                                                std::int64_t bytes_per_token,
                                                std::size_t shared_prefixes) {
  return std::make_unique<SessionCache>(config, bytes_per_token, shared_prefixes);
}

}  // namespace epfleet::cache
