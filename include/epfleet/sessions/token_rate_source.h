// Requests drawn so that every bin of a token-rate trace meets its totals exactly.
// Modelled: class, variant, channel, and the shapes of prompt, hit and answer are those of the
//   turns of the scenario's sessions, scaled to the bin's totals with the remainders spread;
//   arrivals are uniform within the bin. Every request stands alone: its hit is stated. During the
//   warm-up the first bin's rates hold, with draws of their own.
// Left out: sessions, prefixes and a store's content before the start: a trace of totals has none.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "epfleet/base/time.h"
#include "epfleet/workload/config.h"
#include "epfleet/workload/source.h"

namespace epfleet::sessions {

struct TokenRateSourceSpec {
  workload::WorkloadConfig config;  // path resolved
  std::uint64_t seed = 1;
  base::Duration duration{};   // of the counted window: the width of a trace of a single bin
  base::Duration cool_down{};  // after the trace its last bin is repeated this long
};

// Throws InputError.
[[nodiscard]] std::unique_ptr<workload::Source> make_token_rate_source(
    const TokenRateSourceSpec& spec);

// Whole parts of `total`, as near to proportional to `weights` as whole numbers allow, each from
// `least` to its limit, with exactly that sum. REQUIRES: least * n <= total <= sum of the limits;
// weights > 0.
[[nodiscard]] std::vector<std::int64_t> proportional_parts(std::int64_t total, std::int64_t least,
                                                           std::span<const std::int64_t> weights,
                                                           std::span<const std::int64_t> limits);

}  // namespace epfleet::sessions
