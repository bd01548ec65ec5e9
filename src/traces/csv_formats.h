// The columns of the CSV formats.
#pragma once

#include "csv_format.h"

namespace epfleet::traces {

// Source: Azure/AzurePublicDataset.
inline constexpr CsvColumn kAzureColumns[] = {
    {"TIMESTAMP", read_date},
    {"ContextTokens", read_tokens<&TraceRecord::input>},
    {"GeneratedTokens", read_tokens<&TraceRecord::output>}};

// Source: HPMLL/BurstGPT.
inline constexpr CsvColumn kBurstgptColumns[] = {
    {"Timestamp", read_seconds},
    {"Request tokens", read_tokens<&TraceRecord::input>},
    {"Response tokens", read_tokens<&TraceRecord::output>}};

// Source: microsoft/vidur.
inline constexpr CsvColumn kVidurColumns[] = {
    {"arrived_at", read_seconds},
    {"num_prefill_tokens", read_tokens<&TraceRecord::input>},
    {"num_decode_tokens", read_tokens<&TraceRecord::output>}};

inline constexpr CsvColumn kEpfleetColumns[] = {
    {"arrival_s", read_seconds},
    {"input_tokens", read_tokens<&TraceRecord::input>},
    {"output_tokens", read_tokens<&TraceRecord::output>},
    {"reasoning_tokens", read_tokens<&TraceRecord::reasoning>, false},
    {"cached_tokens", read_tokens<&TraceRecord::cached>, false},
    {"session", read_count<&TraceRecord::session>, false},
    {"turn", read_count<&TraceRecord::turn>, false},
    {"session_tokens", read_tokens<&TraceRecord::session_tokens>, false},
    {"shared_prefix", read_count<&TraceRecord::shared_prefix>, false},
    {"shared_tokens", read_tokens<&TraceRecord::shared_tokens>, false},
    {"last_turn", read_last_turn, false},
    {"variant", read_variant, false},
    {"channel", read_channel, false},
    {"block_ids_*", read_blocks, false}};

}  // namespace epfleet::traces
