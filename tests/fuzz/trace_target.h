// A request trace of any format, strictly and leniently. A first line "#unit=ms block=16
// arrival_s=t,..." says how it is read.
#pragma once

#include "epfleet/traces/request_trace.h"
#include "fuzz.h"

namespace epfleet::fuzz {

inline traces::TraceOptions trace_options(std::string_view comment) {
  traces::TraceOptions options;
  while (!comment.empty()) {
    const std::size_t end = std::min(comment.find(' '), comment.size());
    const std::string word(comment.substr(0, end));
    if (word.starts_with("unit=")) {
      options.time_unit = word.substr(5);
    } else if (word.starts_with("block=")) {
      options.block_tokens = std::atoi(word.c_str() + 6) & 0xffff;
    } else {
      options.columns = traces::parse_columns(word);
    }
    comment.remove_prefix(std::min(end + 1, comment.size()));
  }
  return options;
}

inline void read_trace(const std::string& path, const traces::TraceOptions& options) {
  traces::RequestTrace trace(path, options);
  traces::TraceRecord record;
  base::Duration latest{};
  while (trace.bytes() < (1 << 20) && trace.next(record)) {
    must(record.input >= 0 && record.input <= traces::kMostTraceTokens && record.output >= 0 &&
             record.output <= traces::kMostTraceTokens,
         "tokens out of range");
    must(trace.rows() == 1 || record.time >= latest, "time goes back");
    latest = record.time;
  }
  (void)trace.notes();
}

// `text`: what the lines of the file are.
inline void read_trace_twice(std::string_view text, const std::string& path) {
  std::string_view rest = text;
  refuses(text, [&] {
    traces::TraceOptions options = trace_options(take_comment(rest));
    if (refuses(text, [&] { read_trace(path, options); })) {
      options.lenient = true;
      read_trace(path, options);
    }
  });
}

}  // namespace epfleet::fuzz
