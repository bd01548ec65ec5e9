#include "epfleet/text/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <thread>
#include <utility>

#include "epfleet/base/error.h"

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

std::string unique_suffix() {
  std::array<char, 256> host{};
  (void)gethostname(host.data(), host.size() - 1);
  return fmt::format("{}.{}.{}", host.data(), ::getpid(),
                     std::hash<std::thread::id>{}(std::this_thread::get_id()));
}

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

Aside::Aside(const fs::path& target) : target_(target), aside_(target) {
  std::error_code error;
  const fs::file_status status = fs::status(target_, error);  // where links lead to
  if (target != kStandardOutput && (!fs::exists(status) || fs::is_regular_file(status))) {
    if (fs::is_symlink(target, error)) {
      target_ = fs::weakly_canonical(target, error);
    }
    aside_ =
        target_.parent_path() / fmt::format(".{}.{}", target_.filename().string(), unique_suffix());
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
