// A token-rate trace for the length of a test.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/small_fleet.h"

namespace epfleet::test {

class TraceFile {
 public:
  // Rows as "time_s,requests,input_tokens,cached_tokens,output_tokens\n".
  explicit TraceFile(const std::string& rows)
      : path_(std::filesystem::temp_directory_path() /
              ("epfleet_trace_" + std::to_string(::getpid()) + ".csv")) {
    std::ofstream(path_) << "time_s,requests,input_tokens,cached_tokens,output_tokens\n" << rows;
  }
  TraceFile(const TraceFile&) = delete;
  TraceFile& operator=(const TraceFile&) = delete;
  ~TraceFile() { std::filesystem::remove(path_); }

  // replayed_fleet() with this trace.
  [[nodiscard]] config::Scenario scenario(std::uint64_t seed,
                                          std::vector<std::string> overrides = {}) const {
    overrides.push_back("workload.path=" + path_.string());
    return replayed_fleet(seed, std::move(overrides));
  }

 private:
  std::filesystem::path path_;
};

}  // namespace epfleet::test
