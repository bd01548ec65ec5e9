// The columns of the CSV formats.
#include "csv_format.h"

namespace epfleet::traces {

// Source: Azure/AzurePublicDataset.
std::unique_ptr<LineFormat> make_azure_format(std::string_view header, TraceInfo& info) {
  static constexpr CsvColumn kColumns[] = {{"TIMESTAMP", read_date},
                                           {"ContextTokens", read_tokens<&TraceRecord::input>},
                                           {"GeneratedTokens", read_tokens<&TraceRecord::output>}};
  return make_csv_format(kColumns, header, info);
}

// Source: HPMLL/BurstGPT.
std::unique_ptr<LineFormat> make_burstgpt_format(std::string_view header, TraceInfo& info) {
  static constexpr CsvColumn kColumns[] = {{"Timestamp", read_seconds},
                                           {"Request tokens", read_tokens<&TraceRecord::input>},
                                           {"Response tokens", read_tokens<&TraceRecord::output>}};
  return make_csv_format(kColumns, header, info);
}

// Source: microsoft/vidur.
std::unique_ptr<LineFormat> make_vidur_format(std::string_view header, TraceInfo& info) {
  static constexpr CsvColumn kColumns[] = {
      {"arrived_at", read_seconds},
      {"num_prefill_tokens", read_tokens<&TraceRecord::input>},
      {"num_decode_tokens", read_tokens<&TraceRecord::output>}};
  return make_csv_format(kColumns, header, info);
}

std::unique_ptr<LineFormat> make_epfleet_format(std::string_view header, TraceInfo& info) {
  using R = TraceRecord;
  static constexpr CsvColumn kColumns[] = {
      {"arrival_s", read_seconds},
      {"input_tokens", read_tokens<&R::input>},
      {"output_tokens", read_tokens<&R::output>},
      {"reasoning_tokens", read_tokens<&R::reasoning>, false},
      {"cached_tokens", read_tokens<&R::cached>, false},
      {"session", read_count<&R::session>, false},
      {"turn", read_count<&R::turn>, false},
      {"session_tokens", read_tokens<&R::session_tokens>, false},
      {"shared_prefix", read_count<&R::shared_prefix>, false},
      {"shared_tokens", read_tokens<&R::shared_tokens>, false},
      {"last_turn", read_last_turn, false},
      {"variant", read_variant, false},
      {"channel", read_channel, false},
      {"block_ids_*", read_blocks, false}};
  return make_csv_format(kColumns, header, info);
}

}  // namespace epfleet::traces
