// Whole files as texts, and files that appear under their name only when they are complete.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace epfleet::text {

// Throws InputError for a device (/dev/zero never ends); the standard input is none, whatever it
// is.
void refuse_device(const std::filesystem::path& path, const std::string& key);

// Written to as it is, whatever it is: a pipe, a file that the shell has opened.
inline constexpr const char* kStandardOutput = "/dev/stdout";

// What a link leads to, which may not be there yet; a path that is no link stays.
[[nodiscard]] std::filesystem::path behind_links(const std::filesystem::path& path);

// A device or a pipe: what is written there cannot be taken back.
[[nodiscard]] bool is_written_through(const std::filesystem::path& path);

// Throws InputError for what can be read only once.
void refuse_pipe(const std::filesystem::path& path);

// Throws InputError if what is to be written would replace a file that is read for it.
void refuse_as_output(const std::filesystem::path& output, const std::vector<std::string>& inputs);

// Throws InputError that names `key` (the scenario key or option that led here) when it cannot be
// read.
[[nodiscard]] std::string read_file(const std::filesystem::path& path, const std::string& key);

// None when it cannot be read.
[[nodiscard]] std::optional<std::string> read_if_any(const std::filesystem::path& path);

// Replaces or creates a file and flushes it to disk. Throws MachineError, also for a full disk.
void write_file(const std::filesystem::path& path, std::string_view content);

// The same, written aside and renamed: the old file stays whole until the new one is.
void replace_file(const std::filesystem::path& path, std::string_view content);

// Flushes a file or folder that is already there. Throws MachineError.
void flush_to_disk(const std::filesystem::path& path);

// Throws MachineError.
void rename_or_fail(const std::filesystem::path& from, const std::filesystem::path& to);

// The hidden sibling under which this process makes `target` ready: ".NAME.KIND-HOST-PID".
[[nodiscard]] std::filesystem::path sibling(const std::filesystem::path& target,
                                            std::string_view kind);
// Those of processes of this host that were killed: their numbers are nobody's now.
[[nodiscard]] std::vector<std::filesystem::path> dead_siblings(const std::filesystem::path& target,
                                                               std::string_view kind);

// The hidden sibling under which a file is written; other processes, on other machines perhaps, may
// write the same file at the same time. Without commit() nothing of it stays, unless the process is
// killed: then the next one that writes the file removes it.
// A device or pipe is never replaced: it is written through. A link keeps pointing to its file.
class Aside {
 public:
  explicit Aside(const std::filesystem::path& target);
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;
  ~Aside();

  [[nodiscard]] const std::filesystem::path& path() const { return aside_; }
  void commit();  // throws MachineError

 private:
  std::filesystem::path target_, aside_;
};

}  // namespace epfleet::text
