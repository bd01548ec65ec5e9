#include "epfleet/sessions/token_rate_trace.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <string_view>

#include "epfleet/base/error.h"
#include "epfleet/text/csv_reader.h"
#include "epfleet/text/files.h"
#include "epfleet/text/line_reader.h"
#include "epfleet/text/parse.h"

namespace epfleet::sessions {
namespace {

enum Column : std::uint8_t { Time, Requests, Input, Cached, Output };

constexpr base::Duration kShortestBin = std::chrono::milliseconds(1);
constexpr std::int64_t kMostRequests =
    10'000'000;  // a bin's requests are planned together, in memory: 1.2 GB

void check_counts(const text::CsvReader& rows, const TokenRateBin& bin,
                  const workload::WorkloadConfig& config) {
  if (bin.requests > kMostRequests) {
    throw rows.problem(Requests, "more than 10,000,000 requests in a bin", "use shorter bins");
  }
  if (bin.cached > bin.input) {
    throw rows.problem(Cached, fmt::format("more cached tokens than input tokens ({})", bin.input),
                       "cached tokens are a part of the input tokens");
  }
  if (bin.input < bin.requests) {
    throw rows.problem(Input, fmt::format("fewer tokens than requests ({})", bin.requests),
                       "every request has at least one prompt token");
  }
  if (bin.output < bin.requests) {
    throw rows.problem(Output, fmt::format("fewer tokens than requests ({})", bin.requests),
                       "every request has at least one output token");
  }
  // Compared as ratios, so that no product can overflow.
  const auto requests = static_cast<double>(bin.requests);
  const double context = static_cast<double>(bin.input) + static_cast<double>(bin.output);
  if (context > requests * static_cast<double>(config.context_limit)) {
    throw rows.problem(
        Input,
        fmt::format("with the output more than {} tokens a request (workload.context_limit)",
                    config.context_limit),
        "check the column's unit: tokens in the bin, not per second");
  }
  if (static_cast<double>(bin.output) > requests * static_cast<double>(config.output_limit_r1)) {
    throw rows.problem(Output,
                       fmt::format("more than {} tokens a request (workload.output_limit_r1)",
                                   config.output_limit_r1),
                       "check the column's unit: tokens in the bin, not per second");
  }
}

void set_widths(std::vector<TokenRateBin>& bins, base::Duration only_width) {
  for (std::size_t i = 0; i + 1 < bins.size(); ++i) {
    bins[i].width = bins[i + 1].from - bins[i].from;
  }
  bins.back().width = bins.size() > 1 ? bins[bins.size() - 2].width : only_width;
}

bool has(const text::CsvRow& names, std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::vector<TokenRateBin> read_token_rate_trace(const workload::WorkloadConfig& config,
                                                base::Duration only_width,
                                                std::vector<std::string>* unread) {
  constexpr double kLongest = 4e9;  // seconds: a trace of 126 years
  text::refuse_pipe(config.path);
  text::CsvReader rows(config.path,
                       {"time_s", "requests", "input_tokens", "cached_tokens", "output_tokens"}, {},
                       {.ends_with_line = true});
  if (unread != nullptr) {
    *unread = rows.unread();
  }
  std::vector<TokenRateBin> bins;
  double first_s = 0.0;
  while (rows.next_row()) {
    const double time_s = rows.number(Time);
    first_s = bins.empty() ? time_s : first_s;
    TokenRateBin bin;
    if (time_s - first_s > kLongest) {
      throw rows.problem(Time, "more than 126 years after the first bin", "times are in seconds");
    }
    const double after_ns = std::floor((time_s - first_s) * 1e9 + 0.5);
    bin.from =
        base::kWindowStart + base::Duration(static_cast<std::int64_t>(std::max(after_ns, -1.0)));
    if (!bins.empty() && bin.from - bins.back().from < kShortestBin) {
      throw rows.problem(Time, "not after the bin before (by at least 1 ms)",
                         "sort the rows by time_s, one row a bin");
    }
    bin.requests = rows.whole_number(Requests);
    bin.input = rows.whole_number(Input);
    bin.cached = rows.whole_number(Cached);
    bin.output = rows.whole_number(Output);
    check_counts(rows, bin, config);
    bins.push_back(bin);
  }
  if (bins.empty()) {
    throw rows.problem("the trace has a header but no bins", "add one row per time bin");
  }
  set_widths(bins, only_width);
  return bins;
}

std::vector<TokenRateBin> scaled(const std::vector<TokenRateBin>& bins, double scale,
                                 const RequestLimits& limits) {
  // Whole counts below 2^53 pass through doubles exactly, so a scale of 1 changes nothing.
  std::array<double, 4> left{};
  std::vector<TokenRateBin> result;
  for (TokenRateBin bin : bins) {
    const std::array<std::int64_t*, 4> counts = {&bin.requests, &bin.input, &bin.cached,
                                                 &bin.output};
    for (std::size_t i = 0; i < counts.size(); ++i) {
      left[i] += scale * static_cast<double>(*counts[i]);
      *counts[i] = static_cast<std::int64_t>(std::max(left[i], 0.0));
    }
    if (bin.requests == 0) {
      bin.input = bin.cached = bin.output = 0;  // its tokens go to the next request that comes
    } else {
      bin.output = std::clamp(bin.output, bin.requests, bin.requests * limits.output);
      bin.input = std::clamp(bin.input, bin.requests, bin.requests * limits.context - bin.output);
      bin.cached = std::min(bin.cached, bin.input);
    }
    for (std::size_t i = 0; i < counts.size(); ++i) {
      left[i] -= static_cast<double>(*counts[i]);
    }
    result.push_back(bin);
  }
  return result;
}

std::optional<base::Duration> window_of_trace(const workload::WorkloadConfig& config) {
  const std::vector<TokenRateBin> bins = read_token_rate_trace(config, base::Duration(1));
  return bins.size() > 1 ? std::optional(bins.back().from + bins.back().width - bins.front().from)
                         : std::nullopt;
}

bool is_token_rate_trace(const std::string& path) {
  std::error_code told_later;  // when it is opened
  if (std::filesystem::is_directory(path, told_later)) {
    return false;
  }
  text::LineReader lines(path);
  while (lines.next() == text::LineReader::Got::Line) {
    const std::string_view line = lines.line();
    if (!text::is_blank(line) && line.front() != '#') {
      text::CsvRow names;
      names.split(line);
      return has(names, "time_s") && has(names, "requests");
    }
  }
  return false;
}

}  // namespace epfleet::sessions
