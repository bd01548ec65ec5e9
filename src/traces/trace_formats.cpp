#include "trace_formats.h"

#include <fmt/core.h>

#include "csv_formats.h"

namespace epfleet::traces {

MakeLineFormat make_mooncake_format, make_bailian_format;

const base::Registry<FormatRule>& trace_formats() {
  static constexpr base::Registry<FormatRule>::Row kRows[] = {
      {"bailian",
       "Qwen-Bailian's JSONL: chats with block ids of 16 tokens, times in seconds.",
       {"lines of JSON with chat_id, timestamp, input_length, output_length", make_bailian_format}},
      {"mooncake",
       "Mooncake's JSONL: block ids of 512 tokens, times in milliseconds.",
       {"lines of JSON with timestamp, input_length, output_length", make_mooncake_format}},
      {"azure",
       "Azure's LLM traces: dates and lengths.",
       {"TIMESTAMP,ContextTokens,GeneratedTokens", make_csv_format<kAzureColumns>}},
      {"burstgpt",
       "BurstGPT: seconds and lengths.",
       {"Timestamp,Request tokens,Response tokens", make_csv_format<kBurstgptColumns>}},
      {"vidur",
       "Vidur's CSV: seconds and lengths.",
       {"arrived_at,num_prefill_tokens,num_decode_tokens", make_csv_format<kVidurColumns>}},
      {"epfleet",
       "epfleet's own CSV: all that a replay can use.",
       {"arrival_s,input_tokens,output_tokens", make_own_format}},
      {"servegen",
       "Clients as ServeGen measured them: requests are drawn.",
       {"a folder with chunk-0-trace.csv", nullptr}},
  };
  static constexpr base::Registry<FormatRule> kRules("trace format", kRows);
  return kRules;
}

std::string known_formats() {
  std::string known;
  for (const auto& row : trace_formats().rows()) {
    known += fmt::format("{}{} ({})", known.empty() ? "" : ", ", row.name, row.make.known_by);
  }
  return known;
}

}  // namespace epfleet::traces
