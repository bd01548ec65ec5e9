// One request of a trace as the file has it, before a replay scales or shifts anything, and what
// holds for the file as a whole.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
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
  bool last_turn = false;         // the session will not return
  std::int64_t block_tokens = 0;  // of its blocks, where every request says so; else 0
  std::optional<workload::Variant> variant;
  std::optional<workload::Channel> channel;
};

// Lines left out by a lenient reader.
struct SkippedLines {
  std::string reason;
  std::int64_t count = 0;
  std::int64_t first_line = 0;
};

// What requests may say beyond their times, lengths and blocks; names in src/traces/trace_fields.h.
enum class Field : std::uint8_t {
  Reasoning,
  Cached,
  Session,
  Turn,
  SessionTokens,
  SharedPrefix,
  SharedTokens,
  LastTurn,
  Variant,
  Channel
};

struct TraceInfo {
  std::string_view format;            // name of a row of trace_formats.h
  std::int64_t block_tokens = 0;      // 0: the trace has no block ids
  unsigned fields = 0;                // of its requests, a bit each
  std::string time_unit{};            // of its numbers; empty: dates, or drawn
  std::vector<std::string> unread{};  // columns or keys that are not known

  [[nodiscard]] bool has(Field field) const {
    return (fields & (1U << static_cast<unsigned>(field))) != 0;
  }
  void set(Field field) { fields |= 1U << static_cast<unsigned>(field); }

  // Requests name their session and what it, or a shared start, has been before. Block ids say
  // that, too, and more exactly: a trace that has both goes by its blocks.
  [[nodiscard]] bool by_sessions() const {
    return block_tokens == 0 && has(Field::Session) &&
           (has(Field::SessionTokens) || has(Field::SharedTokens));
  }
  [[nodiscard]] bool states_hits() const { return has(Field::Cached); }
};

}  // namespace epfleet::traces
