// One request of a trace as the file has it, before a replay scales or shifts anything, and what
// holds for the file as a whole.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "epfleet/base/time.h"
#include "epfleet/workload/block_lists.h"
#include "epfleet/workload/request.h"

namespace epfleet::traces {

struct TraceRecord {
  base::Duration time{};  // on the trace's own clock
  std::int64_t input = 0;
  std::int64_t output = 0;
  std::int64_t reasoning = 0;          // of the output
  std::optional<std::int64_t> cached;  // of the input, where the trace states it
  // Identities; which of them a trace has is in its TraceInfo.
  // Of the prompt from token 0 on, each standing for all before it.
  std::vector<workload::BlockId> blocks;
  std::uint64_t session = 0;
  std::uint32_t turn = 0;
  std::int64_t session_tokens = 0;  // see PrefixIdentity
  std::uint64_t shared_prefix = 0;
  std::int64_t shared_tokens = 0;
  bool last_turn = false;  // the session will not return
  std::optional<workload::Variant> variant;
  std::optional<workload::Channel> channel;
};

struct TraceInfo {
  std::string_view format;        // name of a row of trace_formats.h
  std::int64_t block_tokens = 0;  // 0: the trace has no block ids
  bool sessions = false;          // requests name their session and what it has been before
  bool states_hits = false;       // requests state their cached tokens
};

}  // namespace epfleet::traces
