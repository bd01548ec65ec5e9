// Fields of a trace's line: text to whole numbers and to times, exact to the nanosecond. Not
// through doubles: a date in nanoseconds needs more digits than one has.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "line_format.h"

namespace epfleet::traces {

// All answer the fault without its column, or none and the value.

// A count of tokens, 0 to kMostTraceTokens; "374.0" is taken, too.
[[nodiscard]] std::optional<LineFault> read_tokens(std::string_view text, std::int64_t& tokens);

// Any whole number from 0 on, decimal.
[[nodiscard]] std::optional<LineFault> read_count(std::string_view text, std::uint64_t& count);

// Decimal seconds, such as 17, 0.25 or 1e-05; digits beyond the nanosecond are dropped.
[[nodiscard]] std::optional<LineFault> read_seconds(std::string_view text, base::Duration& time);

// Decimal milliseconds.
[[nodiscard]] std::optional<LineFault> read_milliseconds(std::string_view text,
                                                         base::Duration& time);

// 2023-11-16 18:15:46.6805900, with T between and with Z or +08:00 behind if need be.
[[nodiscard]] std::optional<LineFault> read_date(std::string_view text, base::Duration& time);

// 0 or 1; v3 or r1; web, app or api.
[[nodiscard]] std::optional<LineFault> read_flag(std::string_view text, bool& flag);
[[nodiscard]] std::optional<LineFault> read_variant(std::string_view text,
                                                    std::optional<workload::Variant>& variant);
[[nodiscard]] std::optional<LineFault> read_channel(std::string_view text,
                                                    std::optional<workload::Channel>& channel);

// Hexadecimal ids with blanks between.
[[nodiscard]] std::optional<LineFault> read_blocks(std::string_view text,
                                                   std::vector<workload::BlockId>& blocks);

}  // namespace epfleet::traces
