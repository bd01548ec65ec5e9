// Keys of the on-disk KV cache.
#include "epfleet/cache/eviction_rule.h"
#include "key_files.h"
#include "key_rows.h"

namespace epfleet::config {

void add_cache_rows(Rows& rows) {
  using cache::CacheModel;
  rows.choice(EPFLEET_KEY(kv_cache.model),
              {{"statistical", "every prompt hits kv_cache.hit_ratio of its tokens",
                CacheModel::Statistical},
               {"mechanistic", "hits follow from what is stored", CacheModel::Mechanistic}},
              {"How hits come about.", "a modelling choice"});
  rows.number(EPFLEET_KEY(kv_cache.hit_ratio), Dimension::Share, between(0.0, 1.0),
              {"Share of every prompt that hits; only with model: statistical.",
               "the published day: 342 of 608 billion tokens"});
  rows.number(EPFLEET_KEY(kv_cache.capacity), between(1.0, 1e18),
              {"Size of the whole store.",
               "not published; 20 PB hold about a day of what is written (0.8-1.3 PB an hour)"})
      .guess("5 PB", "40 PB");
  rows.number(EPFLEET_KEY(kv_cache.ttl), above(0.0, kYear),
              {"Time after its last use at which an entry is dropped.",
               "DeepSeek's API notes: unused entries are cleared after hours to days"})
      .guess("2 h", "3 d");
  rows.rule(EPFLEET_KEY(kv_cache.eviction), cache::eviction_rules().choices(),
            {"What is dropped when the store is full.", "not published"});
  using cache::Isolation;
  using cache::Recompute;
  rows.number(EPFLEET_KEY(kv_cache.write_delay), between(0.0, kDay),
              {"Time after a write's end until what was written can be hit.",
               "not published; DeepSeek's API notes: construction takes seconds", "2 s"});
  const auto bandwidth = [&](const std::string& name, auto member, const std::string& what) {
    rows.number(name, member, between(1e6, 1e18),
                {"Bandwidth of the whole store for " + what +
                     ", shared by all nodes; none: their NICs alone decide.",
                 "not published; 3FS's notes show 6.6 TiB/s read by 180 storage nodes", "7 TB/s"},
                "none");
  };
  bandwidth(EPFLEET_KEY(kv_cache.read_bandwidth), "reads");
  bandwidth(EPFLEET_KEY(kv_cache.write_bandwidth), "writes");
  rows.choice(EPFLEET_KEY(kv_cache.recompute),
              {{"never", "every hit is read", Recompute::Never},
               {"if_slower",
                "a hit that waits longer for its reading than one GPU needs to "
                "compute it is computed",
                Recompute::IfSlower}},
              {"What becomes of a hit when the store is slow.", "a modelling choice"});
  rows.choice(EPFLEET_KEY(kv_cache.isolation),
              {{"none", "shared prefixes are stored once for all", Isolation::None},
               {"session", "nothing is shared between sessions", Isolation::Session}},
              {"Who may hit what others have stored.",
               "DeepSeek's API notes: caches are isolated per user"});
  rows.number(EPFLEET_KEY(kv_cache.block), Dimension::Tokens, between(1, 65536),
              {"A prefix is stored and hit in whole blocks of this many tokens.",
               "DeepSeek's API notes: 64"});
}

}  // namespace epfleet::config
