// Requests of a mix of clients, each with its own rate, burstiness and lengths by time of day: the
// published measurements of ServeGen, as a trace that is drawn instead of read.
// Modelled: per client and window a rate and a law of the times between requests (Gamma or Weibull
//   with the measured shape; none: exponential), stretched to the rate: a renewal process that runs
//   on from window to window, in its steady state from the start; lengths of prompt and answer and
//   the reasoning's share of it from the client's measured distributions of the latest window
//   before (or else of the first one after).
// Left out: dependence between a request's lengths, and between requests; sessions and prefixes
//   (none are published); requests of clients of whom no lengths are (they are drawn and counted).
// Source: alibaba/ServeGen, data/reason/deepseek-r1: chunk-N-trace.csv (window start s, requests/s,
//   variation of the times between, law, shape, scale), chunk-N-dataset.json (window start ->
//   input_tokens, output_tokens, reason_ratio as "{value: probability}").
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "epfleet/traces/trace_record.h"

namespace epfleet::traces {

class ClientMix {
 public:
  // `folder` holds the chunk-N files. `rate_scale` multiplies every client's rate. Throws
  // InputError, also for more requests than anybody could wait for.
  ClientMix(const std::string& folder, double rate_scale, std::uint64_t seed);
  ~ClientMix();

  // The next request of any client; false at the end of the last window.
  [[nodiscard]] bool next(TraceRecord& record);

  // What the rates say, of all clients.
  [[nodiscard]] double expected_requests() const { return expected_; }
  // So far: requests of clients without lengths; one kind, or none.
  [[nodiscard]] std::span<const SkippedLines> left_out() const { return left_out_; }
  // What of the files was not read, a sentence each.
  [[nodiscard]] std::vector<std::string> notes() const;

  [[nodiscard]] static bool is_folder(const std::string& path);

 private:
  class Client;

  std::vector<std::unique_ptr<Client>> clients_;  // a heap, the earliest request at the front
  double expected_ = 0.0;
  std::vector<SkippedLines> left_out_;
  std::int64_t text_only_ = 0;    // clients
  std::set<std::string> unread_;  // keys
};

}  // namespace epfleet::traces
