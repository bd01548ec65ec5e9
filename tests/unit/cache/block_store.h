// A naive store of single blocks with the rules of cache/session_cache.h, as the reference: every
// block is an entry of a map with its own last use; each prompt is walked block by block; eviction
// and expiry scan the whole store.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

#include "epfleet/cache/generations.h"
#include "epfleet/cache/prefix_cache.h"

namespace epfleet::cache {

class BlockStore {
 public:
  BlockStore(const KvCacheConfig& config, std::int64_t capacity_tokens)
      : config_(config), capacity_(capacity_tokens) {}

  Lookup lookup(const workload::Request& request, base::TimePoint now) {
    now_ = now;
    expire();
    const workload::PrefixIdentity& prefix = request.prefix;
    if (prefix.first_turn) {
      sessions_[prefix.session_slot].clear();
    }
    const std::int64_t ideal = std::max(prefix.session_tokens, prefix.shared_tokens);
    const std::size_t wanted = whole(ideal);
    const std::size_t shared_blocks = whole(prefix.shared_tokens);
    std::vector<Key>& own = sessions_[prefix.session_slot];
    own.resize(std::min(own.size(), wanted - shared_blocks));

    Lookup found;
    found.lost_rounding = tokens(ideal % config_.block);
    bool broken = false, readable = true;
    std::int32_t* cause = nullptr;
    for (std::size_t i = 0; i < wanted; ++i) {
      if (!broken) {
        const Key key = key_at(prefix, shared_blocks, i);
        cause = missing_cause(key, found);
        broken = cause != nullptr;
        if (!broken) {
          use(key);
          readable = readable && stored_.at(key).available_at <= now_;
          cause = readable ? &found.hit_tokens : &found.lost_not_yet_written;
        }
      }
      *cause += tokens(config_.block);
    }
    return found;
  }

  std::int64_t store(const workload::Request& request, std::int64_t tokens_stored,
                     base::TimePoint now, base::TimePoint stored_at) {
    now_ = now;
    expire();
    const workload::PrefixIdentity& prefix = request.prefix;
    const std::size_t shared_blocks = whole(prefix.shared_tokens);
    std::size_t written = extend(shared_[prefix.shared_id], shared_blocks, stored_at);
    written +=
        extend(sessions_[prefix.session_slot], whole(tokens_stored) - shared_blocks, stored_at);
    evict();
    return static_cast<std::int64_t>(whole(tokens_stored) - written) * config_.block;
  }

  void forget(const workload::Request& last) { sessions_[last.prefix.session_slot].clear(); }

  std::int64_t stored_tokens() const {
    return static_cast<std::int64_t>(stored_.size()) * config_.block;
  }

 private:
  using Key = std::uint64_t;
  struct Block {
    base::TimePoint last_use;  // FIFO: written
    base::TimePoint available_at;
    std::int64_t generation = 0;
  };

  std::size_t whole(std::int64_t tokens) const {
    return static_cast<std::size_t>(tokens / config_.block);
  }
  static std::int32_t tokens(std::int64_t count) { return static_cast<std::int32_t>(count); }

  // 0, which is no key, where the session or the prefix has no block yet.
  Key key_at(const workload::PrefixIdentity& prefix, std::size_t shared_blocks, std::size_t i) {
    const std::vector<Key>& list =
        i < shared_blocks ? shared_[prefix.shared_id] : sessions_[prefix.session_slot];
    const std::size_t at = i < shared_blocks ? i : i - shared_blocks;
    return at < list.size() ? list[at] : 0;
  }

  bool alive(Key key) const {
    const auto entry = stored_.find(key);
    return entry != stored_.end() && now_ - entry->second.last_use <= config_.ttl;
  }

  std::int32_t* missing_cause(Key key, Lookup& found) {
    if (key == 0) {
      return &found.lost_cold;
    }
    if (alive(key)) {
      return nullptr;
    }
    const auto gone = gone_.find(key);
    const base::TimePoint last_use = gone != gone_.end() ? gone->second : stored_.at(key).last_use;
    return now_ - last_use > config_.ttl ? &found.lost_ttl : &found.lost_capacity;
  }

  void use(Key key) {
    if (config_.eviction != "fifo") {
      stored_.at(key).last_use = now_;
      stored_.at(key).generation = current_generation();
    }
  }

  std::size_t extend(std::vector<Key>& list, std::size_t length, base::TimePoint stored_at) {
    const auto dead =
        std::find_if(list.begin(), list.end(), [this](Key key) { return !alive(key); });
    list.erase(dead, list.end());
    base::TimePoint available_at = stored_at;
    for (const Key key : list) {
      use(key);
      if (stored_.at(key).available_at > now_) {
        available_at = std::max(available_at, stored_.at(key).available_at);
      }
    }
    const std::size_t before = list.size();
    if (length <= before) {
      return 0;
    }
    for (const Key key : list) {  // parts still being written join the new write
      if (stored_.at(key).available_at > now_) {
        stored_.at(key).available_at = available_at;
      }
    }
    while (list.size() < length) {
      list.push_back(++last_key_);
      stored_[last_key_] = {now_, available_at, current_generation()};
    }
    return length - before;
  }

  std::int64_t current_generation() {
    const std::int64_t width = kGenerationWidth.count();
    const std::int64_t ns = now_.time_since_epoch().count();
    const std::int64_t cell = (ns >= 0 ? ns : ns - width + 1) / width;
    if (cell != cell_ || current_evicted_) {
      cell_ = cell;
      current_evicted_ = false;
      ends_[++generation_] = base::TimePoint(base::Duration((cell + 1) * width));
    }
    return generation_;
  }

  void drop(std::int64_t generation) {
    std::erase_if(stored_, [&](const auto& entry) {
      if (entry.second.generation != generation) {
        return false;
      }
      gone_[entry.first] = entry.second.last_use;
      return true;
    });
    current_evicted_ = current_evicted_ || generation == generation_;
    ends_.erase(generation);
  }

  void expire() {
    while (!ends_.empty() && ends_.begin()->second <= now_ - config_.ttl) {
      drop(ends_.begin()->first);
    }
  }

  void evict() {
    while (config_.eviction != "ttl" && stored_tokens() > capacity_) {
      drop(ends_.begin()->first);
    }
  }

  KvCacheConfig config_;
  std::int64_t capacity_;
  base::TimePoint now_;
  std::map<Key, Block> stored_;
  std::map<Key, base::TimePoint> gone_;  // last use of what was dropped
  std::map<std::uint32_t, std::vector<Key>> sessions_, shared_;
  std::map<std::int64_t, base::TimePoint> ends_;
  Key last_key_ = 0;
  std::int64_t generation_ = 0, cell_ = -1'000'000'000;
  bool current_evicted_ = false;
};

}  // namespace epfleet::cache
