// The statistical cache: a stated share of every prompt hits, whatever was stored before.
// Modelled: whole blocks of hit_ratio x prompt, rounded up or down at random so that the mean is
//   met (up to the last, never whole block of a prompt); a request that states its cached tokens
//   gets just these (token-rate traces).
// Left out: content. Nothing is stored, evicted or lost; writes are what missed.
#include <algorithm>

#include "epfleet/base/error.h"
#include "epfleet/base/random.h"
#include "epfleet/cache/prefix_cache.h"

namespace epfleet::cache {
namespace {

class StatisticalCache final : public PrefixCache {
 public:
  StatisticalCache(const KvCacheConfig& config, std::uint64_t seed)
      : hit_ratio_(config.hit_ratio), block_(config.block), rounding_(seed, "cache.rounding") {
    EPFLEET_CHECK(hit_ratio_ >= 0.0 && hit_ratio_ <= 1.0, "a hit ratio is a share");
    EPFLEET_CHECK(block_ > 0, "a block has tokens");
  }

  Lookup lookup(const workload::Request& request, Extent& /*own*/,
                base::TimePoint /*now*/) override {
    Lookup found;
    found.hit_tokens = hit_tokens(request);
    return found;
  }

  // Stateless: of the prompt, what hits is there; of the answer nothing.
  std::int32_t store(const workload::Request& request, Extent& /*own*/, std::int64_t tokens,
                     base::TimePoint /*now*/, base::TimePoint /*stored_at*/) override {
    return tokens <= request.prompt_tokens ? hit_tokens(request) : request.prompt_tokens;
  }

 private:
  std::int64_t whole_blocks(std::int64_t tokens) const { return tokens / block_ * block_; }

  std::int32_t hit_tokens(const workload::Request& request) const {
    if (request.stated_cached_tokens >= 0) {
      return std::min(request.stated_cached_tokens, request.prompt_tokens);
    }
    const double blocks = hit_ratio_ * request.prompt_tokens / static_cast<double>(block_);
    const auto whole = static_cast<std::int64_t>(blocks);
    base::Stream stream(rounding_, request.id.value());
    const bool up = stream.uniform() < blocks - static_cast<double>(whole);
    return static_cast<std::int32_t>(
        std::min((whole + (up ? 1 : 0)) * block_, whole_blocks(request.prompt_tokens)));
  }

  double hit_ratio_;
  std::int64_t block_;
  base::StreamFamily rounding_;
};

}  // namespace

std::unique_ptr<PrefixCache> make_statistical_cache(const KvCacheConfig& config,
                                                    std::uint64_t seed) {
  return std::make_unique<StatisticalCache>(config, seed);
}

}  // namespace epfleet::cache
