// A trace of single requests as a Source. Open loop: arrivals are the trace's, however long the
// service takes.
// Modelled: everything of trace_stream.h and trace_pace.h; identities (block ids, or sessions and
//   shared prefixes) for the cache; prompts and answers beyond the limits: an answer that does not
//   fit the context or the output limit is cut, as the service would, a prompt that does not fit is
//   left as it is for the service to reject; requests without tokens are played with one; what
//   sessions that began before the trace have in the store at the start (the session_tokens of
//   their first request here). All of that is counted, and every row of the trace accounted for.
// Left out: think times: a trace's next turn comes when it came, even if the answer is late.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "epfleet/traces/request_trace.h"
#include "epfleet/workload/block_lists.h"
#include "epfleet/workload/config.h"
#include "epfleet/workload/source.h"

namespace epfleet::traces {

struct TraceSourceSpec {
  workload::WorkloadConfig config;  // path resolved
  std::uint64_t seed = 1;
  base::Duration duration{};   // of the counted window; the warm-up before it is the config's
  base::Duration cool_down{};  // how long after it the trace is played on
  std::optional<base::Duration> counted{};  // so much of the window is simulated; none: all
};

// The trace's own time from the window's start to its end, as it is played: what is left of it
// after the warm-up. None if it is repeated or laid under a rate or shape, and if all of it comes
// at one instant. Reads the trace once. Throws InputError.
[[nodiscard]] std::optional<base::Duration> window_of_trace(const workload::WorkloadConfig& config,
                                                            std::uint64_t seed);

class TraceSource : public workload::Source, public workload::BlockLists {
 public:
  [[nodiscard]] virtual const TraceInfo& info() const = 0;

  // The requests before the cut, at the times that they have before the run's start, as if each had
  // been served at once: what they leave behind is a warm store. REQUIRES: nothing was taken yet.
  virtual void play_before(const std::function<void(const workload::Request&)>& serve) = 0;
};

// Reads the trace once. Throws InputError.
[[nodiscard]] std::unique_ptr<TraceSource> make_trace_source(const TraceSourceSpec& spec);

}  // namespace epfleet::traces
