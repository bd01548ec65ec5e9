// Block ids for traces that name sessions and shared prefixes instead: two prompts share an id
// where they share a whole block of content, as in a trace with block ids.
// Modelled: a shared prefix's blocks are the same for all; a session's are those of the turn in
//   which they were first full, as far as session_tokens say that the content is still the same; a
//   partial last block is shared with no other request.
// Left out: answers as stored content: a next turn finds what earlier prompts had, not what was
//   generated, as in the published traces.
// Memory follows the sessions that may return (until their last_turn).
#pragma once

#include <tsl/robin_map.h>

#include <cstdint>
#include <vector>

#include "epfleet/traces/trace_record.h"

namespace epfleet::traces {

class SessionBlocks {
 public:
  explicit SessionBlocks(std::int64_t block_tokens) : block_(block_tokens) {}

  // Sets record.blocks from its session, for records in order of time.
  void assign(TraceRecord& record);

 private:
  struct Written {
    std::int64_t end = 0;    // blocks
    std::uint32_t turn = 0;  // running number of the request that had them full first
  };
  struct Session {
    std::vector<Written> written;  // ends rise
    std::uint32_t requests = 0;
  };

  std::int64_t block_;
  tsl::robin_map<std::uint64_t, Session> sessions_;
};

}  // namespace epfleet::traces
