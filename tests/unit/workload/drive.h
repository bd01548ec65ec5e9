// Plays a service that takes exactly the expected times, and helpers for files and statistics.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <queue>
#include <string>
#include <vector>

#include "epfleet/workload/session_paths.h"
#include "epfleet/workload/source.h"

namespace epfleet::workload {

// Takes every request before `until` and completes it after the expected service.
inline std::vector<Request> drive(Source& source, const ExpectedService& service,
                                  base::TimePoint until) {
  struct InService {
    base::TimePoint done;
    Request request;
    bool operator>(const InService& other) const {
      return done != other.done ? done > other.done : request.id > other.request.id;
    }
  };
  std::priority_queue<InService, std::vector<InService>, std::greater<>> serving;
  std::vector<Request> taken;
  while (true) {
    const auto next = source.next_arrival();
    const base::TimePoint arrival = next ? *next : until;
    if (!serving.empty() && serving.top().done <= arrival) {
      source.complete(serving.top().request, serving.top().done);
      serving.pop();
      continue;
    }
    if (arrival >= until) {
      return taken;
    }
    const Request request = source.take();
    serving.push(
        {request.arrival + base::duration_from_seconds(service.seconds(request.output_tokens)),
         request});
    taken.push_back(request);
  }
}

// A file that goes with the test.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content) {
    static int count = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("epfleet_workload_" + std::to_string(::getpid()) + "_" + std::to_string(count++));
    std::ofstream(path_, std::ios::binary) << content;
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { std::filesystem::remove(path_); }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace epfleet::workload
