#include "fuzz.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>

namespace epfleet::fuzz {
namespace {

namespace fs = std::filesystem;

// Below /dev/shm, which is memory, where there is one.
class Folder {
 public:
  Folder() {
    const fs::path memory = "/dev/shm";
    std::error_code error;
    const fs::path base = fs::is_directory(memory, error) ? memory : fs::temp_directory_path();
    path_ = (base / ("epfleet_fuzz_" + std::to_string(::getpid()))).string();
    fs::create_directory(path_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code error;
    fs::remove_all(path_, error);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

void must(bool holds, std::string_view what) {
  if (!holds) {
    throw std::logic_error(std::string(what));
  }
}

const std::string& disk_folder() {
  static const Folder folder;
  return folder.path();
}

std::string as_disk_file(std::string_view bytes, const std::string& name) {
  std::string path = disk_folder() + "/" + name;
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  must(file >= 0 && ::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()),
       "cannot write " + path);
  ::close(file);
  return path;
}

void check_problems(const base::InputError& error, std::string_view bytes) {
  must(!error.problems().empty(), "a refusal without a problem");
  const auto lines = bytes.data() != nullptr ? std::ranges::count(bytes, '\n') + 1 : 1L << 31;
  for (const base::Problem& problem : error.problems()) {
    must(!problem.what.empty(), "a problem that says nothing");
    if (problem.file.ends_with(".yaml")) {
      continue;  // a part's
    }
    must(problem.line >= 0 && problem.line <= lines, "no such line: " + problem.text());
    // yaml-cpp counts what it makes of wrong bytes, and reads on in an escape.
    must(problem.column >= 0 &&
             (bytes.data() == nullptr || problem.column <= 3 * static_cast<int>(bytes.size()) + 8),
         "no such column: " + problem.text());
  }
}

std::string_view take_comment(std::string_view& bytes) {
  if (!bytes.starts_with('#')) {
    return {};
  }
  const std::size_t end = std::min(bytes.find('\n'), bytes.size());
  const std::string_view comment = bytes.substr(1, end - 1);
  bytes.remove_prefix(std::min(end + 1, bytes.size()));
  return comment;
}

}  // namespace epfleet::fuzz
