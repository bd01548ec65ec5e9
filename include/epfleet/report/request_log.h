// requests.csv.zst (or .gz, or .csv): one row for each request of the sample (or all), written
// while the run goes on. The sample is a pure function of the request id, so the same requests
// appear whatever the policies do. What was not reached (the first token of a rejected request,
// say) is an empty field; an attempt of a client that comes again is a row.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "epfleet/observe/facts.h"
#include "epfleet/observe/report_config.h"
#include "epfleet/text/output_file.h"

namespace epfleet::report {

struct RequestColumn {
  std::string_view name, unit, sentence;
};
// In the order of the file.
[[nodiscard]] std::span<const RequestColumn> request_columns();

// "requests.csv.gz"
[[nodiscard]] std::string request_file(observe::RequestFormat format);

class RequestLogWriter : public observe::Observer {
 public:
  // Which requests: all, or the share `sample` of them by the hash of (seed, id); compressed as the
  // path ends. Throws MachineError when the file cannot be created. REQUIRES: which !=
  // RequestLog::None.
  RequestLogWriter(const std::filesystem::path& path, observe::RequestLog which, double sample,
                   std::uint64_t seed, base::Duration window);
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
