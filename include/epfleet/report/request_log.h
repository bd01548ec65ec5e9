// requests.csv.zst: one row for each request of the sample (or all), written while the run goes on.
// The sample is a pure function of the request id, so the same requests appear whatever the
// policies do. Times are whole nanoseconds from the start of the counted window; in_window is 1 for
// requests that arrived in it, which are those of all latencies of summary.json, and 0 for those of
// the warm-up (negative arrivals) and of the cool-down. What was not reached (the first token of a
// rejected request, say) is an empty field; an attempt of a client that comes again is a row.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "epfleet/observe/facts.h"
#include "epfleet/observe/report_config.h"
#include "epfleet/text/output_file.h"

namespace epfleet::report {

class RequestLogWriter : public observe::Observer {
 public:
  // Which requests: all, or the share `sample` of them by the hash of (seed, id). Throws
  // MachineError when the file cannot be created. REQUIRES: which != RequestLog::None.
  RequestLogWriter(const std::filesystem::path& path, observe::RequestLog which, double sample,
                   std::uint64_t seed, base::Duration window,
                   text::Compression compression = text::Compression::Zstd);
  // Throws MachineError when the disk is full.
  void on_requests_done(std::span<const observe::RequestDone> requests) override;

  // Writes what is left and closes the file. Throws MachineError. Without it the file is cut short.
  void finish();

  [[nodiscard]] std::int64_t rows() const { return rows_; }

 private:
  text::OutputFile output_;
  double share_;
  std::uint64_t seed_;
  base::Duration window_;  // counted
  std::int64_t rows_ = 0;
  bool finished_ = false;
};

// Whether the request belongs to a sample of this share: its hash, as a fraction of 1, is below it.
[[nodiscard]] bool in_sample(std::uint64_t seed, base::RequestId id, double share);

}  // namespace epfleet::report
