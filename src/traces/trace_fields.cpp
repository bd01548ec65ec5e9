#include "trace_fields.h"

#include <fmt/format.h>

#include <iterator>

namespace epfleet::traces {
namespace {

template <auto Member>
void write_number(const TraceRecord& record, std::string& to) {
  fmt::format_to(std::back_inserter(to), "{}", record.*Member);
}

void write_cached(const TraceRecord& record, std::string& to) {
  if (record.cached) {
    fmt::format_to(std::back_inserter(to), "{}", *record.cached);
  }
}

void write_last_turn(const TraceRecord& record, std::string& to) {
  to += record.last_turn ? '1' : '0';
}

void write_variant(const TraceRecord& record, std::string& to) {
  to += record.variant ? workload::name_of(*record.variant) : "";
}

void write_channel(const TraceRecord& record, std::string& to) {
  to += record.channel ? workload::name_of(*record.channel) : "";
}

using R = TraceRecord;
constexpr TraceField kFields[] = {
    {"reasoning_tokens", read_tokens<&R::reasoning>, write_number<&R::reasoning>},
    {"cached_tokens", read_cached, write_cached},
    {"session", read_id<&R::session>, write_number<&R::session>},
    {"turn", read_count<&R::turn>, write_number<&R::turn>},
    {"session_tokens", read_tokens<&R::session_tokens>, write_number<&R::session_tokens>},
    {"shared_prefix", read_id<&R::shared_prefix>, write_number<&R::shared_prefix>},
    {"shared_tokens", read_tokens<&R::shared_tokens>, write_number<&R::shared_tokens>},
    {"last_turn", read_last_turn, write_last_turn},
    {"variant", read_variant, write_variant, true},
    {"channel", read_channel, write_channel, true}};

}  // namespace

std::span<const TraceField> trace_fields() { return kFields; }

}  // namespace epfleet::traces
