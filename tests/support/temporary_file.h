// A file of a test's own, gone with it.
#pragma once

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>

namespace epfleet::test {

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content, const std::string& ending = "") {
    static std::atomic<int> counter = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("epfleet_" + std::to_string(::getpid()) + "_" + std::to_string(++counter) + ending);
    std::ofstream(path_, std::ios::binary) << content;
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { std::filesystem::remove(path_); }

  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace epfleet::test
