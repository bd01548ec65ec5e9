#include "epfleet/text/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "epfleet/base/error.h"
#include "epfleet/text/parse.h"

namespace epfleet::text {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(std::string_view doing, const fs::path& path, int error) {
  throw base::MachineError(fmt::format("{} {}: {}", doing, path.string(), std::strerror(error)));
}

// An open file descriptor, closed at the end of the scope.
class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags)
      : path_(path), fd_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }

  void write(std::string_view content) const {
    while (!content.empty()) {
      const ssize_t written = ::write(fd_, content.data(), content.size());
      if (written < 0 && errno != EINTR) {
        fail("cannot write", path_, errno);
      }
      content.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
  }

  // Devices and some network file systems cannot be flushed, and say EINVAL; that is not a failed
  // write.
  void flush() const {
    if (::fsync(fd_) != 0 && errno != EINVAL && errno != EROFS) {
      fail("cannot flush", path_, errno);
    }
  }

  // A delayed write error (NFS, quota) shows first at close.
  void close() {
    if (::close(std::exchange(fd_, -1)) != 0) {
      fail("cannot close", path_, errno);
    }
  }

 private:
  const fs::path& path_;
  int fd_;
};

std::string sibling_name(const fs::path& target, std::string_view kind) {
  std::array<char, 256> host{};
  (void)::gethostname(host.data(), host.size() - 1);
  return fmt::format(".{}.{}-{}-", target.filename().string(), kind, host.data());
}

bool is_dead(std::string_view process) {
  const auto pid = parse_whole<pid_t>(process);
  return pid && *pid > 0 && ::kill(*pid, 0) != 0 && errno == ESRCH;
}

constexpr const char* kPartial = "partial";

}  // namespace

void refuse_device(const fs::path& path, const std::string& key) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  const bool endless = fs::is_character_file(status) || fs::is_block_file(status);
  if (endless && path.string() != "/dev/stdin") {
    throw base::InputError(
        {.file = key.empty() ? path.string() : "",
         .key = key,
         .what = (key.empty() ? "" : path.string() + " ") + std::string("is a device, not a file"),
         .remedy = "give a file or a pipe"});
  }
}

void refuse_pipe(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path == "-" ? "/dev/stdin" : path, error);
  if (fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status)) {
    throw base::InputError({.file = path.string(),
                            .what = "is a pipe or a device, and is to be read several times",
                            .remedy = "save it in a file first"});
  }
}

void refuse_as_output(const fs::path& output, const std::vector<std::string>& inputs) {
  std::error_code error;
  for (const fs::path input : inputs) {
    if (!is_written_through(output) && fs::equivalent(output, input, error)) {
      throw base::InputError({.file = output.string(),
                              .what = "is read for what is to be written there; it is left alone",
                              .remedy = "name another file"});
    }
  }
}

std::optional<std::string> read_if_any(const fs::path& path) {
  std::error_code error;
  std::ifstream file(path, std::ios::binary);
  if (!file || fs::is_directory(path, error)) {
    return std::nullopt;
  }
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

std::string read_file(const fs::path& path, const std::string& key) {
  refuse_device(path, key);
  if (auto text = read_if_any(path)) {
    return *std::move(text);
  }
  throw base::InputError({.key = key,
                          .what = fmt::format("cannot read {}", path.string()),
                          .remedy = "check the path; it is taken from the scenario's folder"});
}

void write_file(const fs::path& path, std::string_view content) {
  Descriptor file(path, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file.is_open()) {
    fail("cannot create", path, errno);
  }
  file.write(content);
  file.flush();
  file.close();
}

void replace_file(const fs::path& path, std::string_view content) {
  Aside aside(path);
  write_file(aside.path(), content);
  aside.commit();
}

void flush_to_disk(const fs::path& path) {
  std::error_code error;
  const Descriptor entry(path, O_RDONLY | (fs::is_directory(path, error) ? O_DIRECTORY : 0));
  if (!entry.is_open()) {
    fail("cannot open", path, errno);
  }
  entry.flush();
}

void rename_or_fail(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    fail(fmt::format("cannot rename {} to", from.string()), to, errno);
  }
}

fs::path sibling(const fs::path& target, std::string_view kind) {
  return target.parent_path() / (sibling_name(target, kind) + fmt::format("{}", ::getpid()));
}

std::vector<fs::path> dead_siblings(const fs::path& target, std::string_view kind) {
  const std::string begin = sibling_name(target, kind);
  const fs::path folder = target.has_parent_path() ? target.parent_path() : ".";
  std::vector<fs::path> dead;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(begin)) {
      continue;
    }
    const std::string_view rest = std::string_view(name).substr(begin.size());
    const std::size_t dot = rest.find('.');  // what follows is Aside's count
    if ((dot == rest.npos || is_digits(rest.substr(dot + 1))) && is_dead(rest.substr(0, dot))) {
      dead.push_back(entry.path());
    }
  }
  return dead;
}

fs::path behind_links(const fs::path& path) {
  constexpr int kMostLinks = 40;  // as Linux
  std::error_code error;
  fs::path at = path;
  for (int links = 0; links < kMostLinks && fs::is_symlink(at, error); ++links) {
    at = at.parent_path() / fs::read_symlink(at, error);
  }
  return at;
}

bool is_written_through(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);  // where links lead to
  return path == kStandardOutput ||
         (status.type() != fs::file_type::not_found && !fs::is_regular_file(status));
}

Aside::Aside(const fs::path& target) : target_(target), aside_(target) {
  std::error_code error;
  if (!is_written_through(target)) {
    target_ = behind_links(target);
    for (const fs::path& left : dead_siblings(target_, kPartial)) {
      fs::remove(left, error);
    }
    static std::atomic<unsigned> count = 0;  // threads may write the same file
    aside_ = sibling(target_, kPartial) += fmt::format(".{}", ++count);
  }
}

Aside::~Aside() {
  std::error_code ignored;  // after commit() it is no longer there
  if (aside_ != target_) {
    fs::remove(aside_, ignored);
  }
}

void Aside::commit() {
  if (aside_ != target_) {
    rename_or_fail(aside_, target_);
  }
}

}  // namespace epfleet::text
