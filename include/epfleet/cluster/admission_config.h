// Who is let in, how long a request may take, how long a user waits, and who comes again. Nothing
// is limited unless it is asked for.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "epfleet/base/time.h"

namespace epfleet::cluster {

struct AdmissionConfig {
  std::optional<std::int64_t> max_concurrency;   // requests in service
  std::optional<std::int64_t> max_queue;         // requests that wait for their prefill to begin
  double min_ceiling = 0.5;                      // share of both that the lowest priority may fill
  std::optional<base::Duration> start_deadline;  // from the arrival to the begin of prefill
  std::optional<base::Duration> total_deadline;  // ... to the last token
  std::optional<base::Duration> patience;        // mean time that a user waits for the first token

  struct Retries {
    std::int64_t limit = 0;  // of a request; 0: nobody comes again
    base::Duration back_off = std::chrono::milliseconds(500);  // before the first, then doubled
  } retries;
};

}  // namespace epfleet::cluster
