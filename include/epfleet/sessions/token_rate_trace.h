// A trace of totals per time bin: CSV with the columns time_s, requests, input_tokens,
// cached_tokens and output_tokens, in any order; see csv_reader.h for the form.
// A bin lasts from its time_s to the next one's; the last is as long as the one before. The first
// bin's start becomes time 0. The whole table is read and checked before a run: memory follows the
// number of bins.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "epfleet/base/time.h"
#include "epfleet/workload/config.h"

namespace epfleet::sessions {

struct TokenRateBin {
  base::TimePoint from;
  base::Duration width{};
  std::int64_t requests = 0;
  std::int64_t input = 0;   // tokens; >= requests
  std::int64_t cached = 0;  // of the input
  std::int64_t output = 0;  // >= requests
};

// Throws InputError with file:line:column: columns, numbers, times that do not rise, cached >
// input, fewer tokens than requests, more tokens a request than the context and output limits
// allow, an empty trace, a pipe. `only_width` is the width of a trace of a single bin; columns that
// are not known are added to `unread`.
[[nodiscard]] std::vector<TokenRateBin> read_token_rate_trace(
    const workload::WorkloadConfig& config, base::Duration only_width,
    std::vector<std::string>* unread = nullptr);

// Most tokens of a request.
struct RequestLimits {
  std::int64_t context = std::int64_t{1} << 32;  // prompt and output together
  std::int64_t output = std::int64_t{1} << 31;   // < context
};

// Counts times `scale`, in whole numbers: fractions are carried from bin to bin, so sums are kept.
// So is what a bin's requests cannot hold: its tokens go to requests that come later.
[[nodiscard]] std::vector<TokenRateBin> scaled(const std::vector<TokenRateBin>& bins, double scale,
                                               const RequestLimits& limits = {});

// From the first bin's start to the last one's end; none: a single bin is as long as the window.
// Throws InputError.
[[nodiscard]] std::optional<base::Duration> window_of_trace(const workload::WorkloadConfig& config);

// Whether the file is a trace of totals per time bin and not one of requests. Throws InputError.
[[nodiscard]] bool is_token_rate_trace(const std::string& path);

}  // namespace epfleet::sessions
