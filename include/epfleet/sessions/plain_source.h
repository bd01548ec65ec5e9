// Single requests in plain numbers: at a rate (plain_arrivals.h), or from N clients of which each
// sends its next request when its last one is answered.
// Modelled: lengths by a law, independent of each other and of the arrivals; a stated share of
//   every prompt hits, rounded at random to whole tokens; classes by their shares. Request i of the
//   window is the same whatever the rate, the process and the warm-up. In a closed loop a class has
//   its share of the clients, whose first requests are spread over the first half of the warm-up,
//   at most a minute.
// Left out: conversations (session_source.h); users who send more when answers are fast.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "epfleet/base/time.h"
#include "epfleet/workload/config.h"
#include "epfleet/workload/source.h"

namespace epfleet::sessions {

struct PlainSourceSpec {
  workload::WorkloadConfig config;  // with a warm-up of a length
  std::uint64_t seed = 1;
};

class PlainSource : public workload::Source {
 public:
  // When the last of the window's stated number of requests was taken; none: not yet.
  [[nodiscard]] virtual std::optional<base::TimePoint> last_arrival() const = 0;
};

// REQUIRES: a configuration that check accepts.
[[nodiscard]] std::unique_ptr<PlainSource> make_plain_source(const PlainSourceSpec& spec);

// What an average request of the mix asks for.
struct PlainMeans {
  double input = 0.0, cached = 0.0, output = 0.0;
};
[[nodiscard]] PlainMeans means_of(const workload::PlainConfig& config);

}  // namespace epfleet::sessions
