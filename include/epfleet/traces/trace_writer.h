// Writes a request trace: Mooncake's JSONL (OUT ends in .jsonl) or epfleet's CSV (anything else),
// compressed if the name ends in .zst, .gz or .xz.
// Modelled: times from the trace's first request on, exact; everything that the trace says, in
//   JSONL as further keys. The file appears under its name when it is complete.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "epfleet/text/files.h"
#include "epfleet/text/output_file.h"
#include "epfleet/traces/trace_record.h"

namespace epfleet::traces {

class TraceWriter {
 public:
  static constexpr std::int64_t kJsonBlock = 512;  // tokens of a Mooncake block

  // `info`: of the records that will come; it decides the columns. Throws MachineError.
  TraceWriter(const std::string& path, const TraceInfo& info);

  // REQUIRES: times never go back. Throws MachineError.
  void write(const TraceRecord& record);
  void finish();
  [[nodiscard]] std::int64_t requests() const { return requests_; }  // written so far

  // By the name. Throws InputError for one of another kind of file.
  [[nodiscard]] static bool is_json(const std::string& path);

 private:
  void add_csv(const TraceRecord& record, base::Duration time);
  void add_json(const TraceRecord& record, base::Duration time);

  TraceInfo info_;
  bool json_;
  text::Aside aside_;  // without finish() nothing stays
  text::OutputFile output_;
  std::string line_;                     // used again
  std::optional<base::Duration> first_;  // time of the first record
  std::int64_t requests_ = 0;
};

}  // namespace epfleet::traces
