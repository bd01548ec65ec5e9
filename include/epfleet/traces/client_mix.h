// Requests of a mix of clients, each with its own rate, burstiness and lengths by time of day: the
// published measurements of ServeGen, as a trace that is drawn instead of read.
// Modelled: per client and window a rate and a law of the times between requests (Gamma or Weibull
//   with the measured shape; none: exponential), stretched to the rate: a renewal process that runs
//   on from window to window, in its steady state from the start; lengths of prompt and answer and
//   the reasoning's share of it from the client's measured distributions of the latest window
//   before (or else of the first one after).
// Left out: dependence between a request's lengths, and between requests; sessions and prefixes
//   (none are published); clients of whom no lengths are (they are left out and counted).
// Source: alibaba/ServeGen, data/reason/deepseek-r1: chunk-N-trace.csv (window start s, requests/s,
//   variation of the times between, law, shape, scale), chunk-N-dataset.json (window start ->
//   input_tokens, output_tokens, reason_ratio as "{value: probability}").
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "epfleet/traces/trace_record.h"

namespace epfleet::traces {

class ClientMix {
 public:
  // `folder` holds the chunk-N files. `rate_scale` multiplies every client's rate. Throws
  // InputError.
  ClientMix(const std::string& folder, double rate_scale, std::uint64_t seed);
  ~ClientMix();

  // The next request of any client; false at the end of the last window.
  [[nodiscard]] bool next(TraceRecord& record);

  // What the rates say, of all clients and of those without lengths, who are left out.
  [[nodiscard]] double expected_requests() const { return expected_; }
  [[nodiscard]] double left_out_requests() const { return left_out_; }

  [[nodiscard]] static bool is_folder(const std::string& path);

 private:
  class Client;

  std::vector<std::unique_ptr<Client>> clients_;  // a heap, the earliest request at the front
  double expected_ = 0.0, left_out_ = 0.0;
};

}  // namespace epfleet::traces
