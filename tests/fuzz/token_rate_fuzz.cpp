// A trace of token totals per time bin.
#include "epfleet/sessions/token_rate_trace.h"
#include "fuzz.h"

using namespace epfleet;  // NOLINT: a program of one function

EPFLEET_FUZZ(token_rate) {
  workload::WorkloadConfig config;
  config.path = fuzz::as_file(bytes);
  fuzz::refuses(bytes, [&] {
    const auto bins = sessions::read_token_rate_trace(config, std::chrono::hours(1));
    for (const auto& bin : sessions::scaled(bins, 0.3)) {
      fuzz::must(bin.cached <= bin.input && bin.input >= bin.requests && bin.output >= bin.requests,
                 "a scaled bin that cannot be");
    }
    (void)sessions::window_of_trace(config);
  });
  fuzz::refuses(bytes, [&] { (void)sessions::is_token_rate_trace(config.path); });
}
