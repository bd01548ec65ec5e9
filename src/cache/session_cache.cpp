#include "epfleet/cache/session_cache.h"

#include <algorithm>
#include <optional>
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
        length_unknown_(shared_prefixes, false) {}

  Lookup lookup(const workload::Request& request, base::TimePoint now) override;
  std::int64_t store(const workload::Request& request, std::int64_t tokens, base::TimePoint now,
                     base::TimePoint stored_at) override;
  void forget_session(const workload::Request& last) override;
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
  void prefetch(const workload::PrefixIdentity& prefix) const override {
    if (prefix.session_slot < sessions_.size()) {
      __builtin_prefetch(&sessions_[prefix.session_slot]);
    }
    if (prefix.shared_tokens > 0) {
      __builtin_prefetch(&shared_[prefix.shared_id]);
    }
  }

 private:
  Extent& slot(std::uint32_t index);
  Extent& session_extent(const workload::PrefixIdentity& prefix, std::int32_t shared_blocks);
  Extent& shared_extent(std::uint32_t id, std::int32_t length);
  const Extent* follow_chain(const workload::PrefixIdentity& prefix, std::int32_t wanted,
                             Chain& chain);

  // As far as others' content may be hit: isolated sessions share nothing.
  [[nodiscard]] workload::PrefixIdentity seen(workload::PrefixIdentity prefix) const {
    prefix.shared_tokens = isolated_ ? 0 : prefix.shared_tokens;
    return prefix;
  }

  ExtentStore store_;
  bool isolated_;
  base::HugeVector<Extent> sessions_;  // by slot
  std::vector<Extent> shared_;         // by id
  // Shared prefixes of a warm store count as stored; their lengths are known at the first use only.
  std::vector<bool> length_unknown_;
};

Extent& SessionCache::slot(std::uint32_t index) {
  if (index >= sessions_.size()) {
    sessions_.resize(std::size_t{index} + 1);
  }
  return sessions_[index];
}

// The session's extent, from the end of the shared blocks on. A warm extent counts them as its own
// until its session returns and tells how many they are.
Extent& SessionCache::session_extent(const workload::PrefixIdentity& prefix,
                                     std::int32_t shared_blocks) {
  Extent& extent = slot(prefix.session_slot);
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
  return extent;
}

Extent& SessionCache::shared_extent(std::uint32_t id, std::int32_t length) {
  EPFLEET_CHECK(id < shared_.size(), "a shared prefix is one of those announced");
  Extent& extent = shared_[id];
  if (length_unknown_[id]) {
    length_unknown_[id] = false;
    extent.end = extent.ready = length;
    if (store_.alive(extent)) {
      store_.recount(extent, store_.tokens(length));
    }
  }
  return extent;
}

// Matches `wanted` blocks from token 0 on; returns the extent at which the chain breaks, if it
// does.
const Extent* SessionCache::follow_chain(const workload::PrefixIdentity& prefix,
                                         std::int32_t wanted, Chain& chain) {
  const std::int32_t shared_blocks = store_.whole_blocks(prefix.shared_tokens);
  Extent& own = session_extent(prefix, shared_blocks);
  ExtentStore::trim(own, wanted);
  if (shared_blocks > 0) {
    Extent& shared = shared_extent(prefix.shared_id, shared_blocks);
    store_.follow(shared, chain);
    EPFLEET_CHECK(chain.matched <= shared_blocks, "the length of a shared prefix does not change");
    if (chain.matched < shared_blocks) {
      return &shared;
    }
  }
  if (wanted > shared_blocks) {
    store_.follow(own, chain);
  }
  return &own;
}

Lookup SessionCache::lookup(const workload::Request& request, base::TimePoint now) {
  const workload::PrefixIdentity prefix = seen(request.prefix);
  const std::int32_t ideal = std::max(prefix.session_tokens, request.prefix.shared_tokens);
  EPFLEET_CHECK(ideal <= request.prompt_tokens, "a prompt contains its prefixes");
  store_.advance(now);
  if (prefix.first_turn) {
    slot(prefix.session_slot) = Extent{};
  }
  const std::int32_t wanted = store_.whole_blocks(ideal);
  Chain chain;
  const Extent* broken = follow_chain(prefix, wanted, chain);

  Lookup found;
  found.hit_tokens = static_cast<std::int32_t>(store_.tokens(chain.hit));
  found.lost_not_yet_written = static_cast<std::int32_t>(store_.tokens(chain.matched - chain.hit));
  found.lost_rounding = ideal - static_cast<std::int32_t>(store_.tokens(wanted));
  if (chain.matched < wanted) {
    found.*store_.why_missing(*broken) =
        static_cast<std::int32_t>(store_.tokens(wanted - chain.matched));
  }
  store_.evict();  // a warm shared prefix may just have got its length
  return found;
}

std::int64_t SessionCache::store(const workload::Request& request, std::int64_t tokens,
                                 base::TimePoint now, base::TimePoint stored_at) {
  const workload::PrefixIdentity prefix = seen(request.prefix);
  EPFLEET_CHECK(stored_at >= now, "a write ends after it begins");
  EPFLEET_CHECK(tokens >= prefix.shared_tokens, "a prompt contains its prefixes");
  store_.advance(now);
  const std::int32_t shared_blocks = store_.whole_blocks(prefix.shared_tokens);
  std::int32_t written = 0;
  if (shared_blocks > 0) {
    Extent& shared = shared_extent(prefix.shared_id, shared_blocks);
    written += store_.write(shared, shared_blocks, stored_at);
  }
  Extent& own = session_extent(prefix, shared_blocks);
  written += store_.write(own, store_.whole_blocks(tokens), stored_at);
  store_.evict();
  return store_.tokens(written);
}

void SessionCache::forget_session(const workload::Request& last) {
  slot(last.prefix.session_slot) = Extent{};
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
  std::vector<Item> items;
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
      slot(*item.slot) = extent;
    }
  }
  const Extent length_to_come = store_.put(0, items.back().last_use);
  std::fill(shared_.begin(), shared_.end(), length_to_come);
  length_unknown_.assign(shared_.size(), true);
  store_.evict();
}

}  // namespace

std::unique_ptr<PrefixCache> make_session_cache(const KvCacheConfig& config,
                                                std::int64_t bytes_per_token,
                                                std::size_t shared_prefixes) {
  return std::make_unique<SessionCache>(config, bytes_per_token, shared_prefixes);
}

}  // namespace epfleet::cache
