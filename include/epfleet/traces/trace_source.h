// A trace of single requests as a Source. Open loop: arrivals are the trace's, however long the
// service takes.
// Modelled: everything of trace_stream.h and trace_pace.h; identities (block ids, or sessions and
//   shared prefixes) for the cache; prompts and answers beyond the limits: an answer that does not
//   fit the context or the output limit is cut, as the service would, a prompt that does not fit is
//   left as it is for the service to reject; requests without tokens are played with one. All of
//   that is counted.
// Left out: think times: a trace's next turn comes when it came, even if the answer is late.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
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
};

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
