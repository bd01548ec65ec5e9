// The columns of the CSV formats of others.
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
    {"Response tokens", read_tokens<&TraceRecord::output>},
    {"Session ID", read_id<&TraceRecord::session>, false, Field::Session},
    {"Model", nullptr, false},
    {"Total tokens", nullptr, false},
    {"Log Type", nullptr, false},
    {"Elapsed time", nullptr, false}};

// Source: microsoft/vidur; with block hashes its forks that know prefix caches.
inline constexpr CsvColumn kVidurColumns[] = {
    {"arrived_at", read_seconds},
    {"num_prefill_tokens", read_tokens<&TraceRecord::input>},
    {"num_decode_tokens", read_tokens<&TraceRecord::output>},
    {"session_id", read_id<&TraceRecord::session>, false, Field::Session},
    {"block_size", read_block_size, false},
    {"block_hash_ids", read_hashes, false}};

}  // namespace epfleet::traces
