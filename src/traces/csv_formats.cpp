// The columns of the CSV formats.
#include "csv_format.h"

namespace epfleet::traces {

// Source: Azure/AzurePublicDataset.
std::unique_ptr<LineFormat> make_azure_format(std::string_view header, TraceInfo& info,
                                              std::optional<LineFault>& fault) {
  static constexpr CsvColumn kColumns[] = {{"TIMESTAMP", Holds::Date},
                                           {"ContextTokens", Holds::Input},
                                           {"GeneratedTokens", Holds::Output}};
  return make_csv_format(kColumns, header, info, fault);
}

// Source: HPMLL/BurstGPT.
std::unique_ptr<LineFormat> make_burstgpt_format(std::string_view header, TraceInfo& info,
                                                 std::optional<LineFault>& fault) {
  static constexpr CsvColumn kColumns[] = {{"Timestamp", Holds::Seconds},
                                           {"Request tokens", Holds::Input},
                                           {"Response tokens", Holds::Output}};
  return make_csv_format(kColumns, header, info, fault);
}

// Source: microsoft/vidur.
std::unique_ptr<LineFormat> make_vidur_format(std::string_view header, TraceInfo& info,
                                              std::optional<LineFault>& fault) {
  static constexpr CsvColumn kColumns[] = {{"arrived_at", Holds::Seconds},
                                           {"num_prefill_tokens", Holds::Input},
                                           {"num_decode_tokens", Holds::Output}};
  return make_csv_format(kColumns, header, info, fault);
}

std::unique_ptr<LineFormat> make_epfleet_format(std::string_view header, TraceInfo& info,
                                                std::optional<LineFault>& fault) {
  static constexpr CsvColumn kColumns[] = {{"arrival_s", Holds::Seconds},
                                           {"input_tokens", Holds::Input},
                                           {"output_tokens", Holds::Output},
                                           {"reasoning_tokens", Holds::Reasoning, false},
                                           {"cached_tokens", Holds::Cached, false},
                                           {"session", Holds::Session, false},
                                           {"turn", Holds::Turn, false},
                                           {"session_tokens", Holds::SessionTokens, false},
                                           {"shared_prefix", Holds::SharedPrefix, false},
                                           {"shared_tokens", Holds::SharedTokens, false},
                                           {"last_turn", Holds::LastTurn, false},
                                           {"variant", Holds::VariantName, false},
                                           {"channel", Holds::ChannelName, false},
                                           {"block_ids_*", Holds::Blocks, false}};
  return make_csv_format(kColumns, header, info, fault);
}

}  // namespace epfleet::traces
