// The on-disk KV cache: which model of it, how large, how long it keeps.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "epfleet/base/quantity.h"
#include "epfleet/base/time.h"

namespace epfleet::cache {

enum class CacheModel { Statistical, Mechanistic };

// A hit that its reading would make later than computing it anew may be computed anew.
enum class Recompute { Never, IfSlower };

// Session: nothing is shared between sessions, as where every session is a user of its own.
enum class Isolation { None, Session };

struct KvCacheConfig {
  CacheModel model = CacheModel::Mechanistic;
  double hit_ratio = 0.0;  // statistical only: share of every prompt that hits
  base::Bytes capacity{20'000'000'000'000'000};  // of the whole store; not with rule ttl
  base::Duration ttl = std::chrono::hours(24);   // since the last use (fifo: since written)
  std::string eviction = "lru";                  // a rule of cache/eviction_rule.h
  std::int64_t block = 64;                       // tokens; a prefix hits in whole blocks
  Isolation isolation = Isolation::None;
  base::Duration write_delay{};  // from a write's end until it can be hit
  // Of the whole store, behind the nodes' NICs; none: as much as these take.
  std::optional<base::BytesPerSecond> read_bandwidth, write_bandwidth;
  Recompute recompute = Recompute::Never;
};

}  // namespace epfleet::cache
