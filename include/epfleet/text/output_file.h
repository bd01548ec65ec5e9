// A text file that is written piece by piece, compressed on the way.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace epfleet::text {

enum class Compression : std::uint8_t { None, Gzip, Zstd, Xz };

// By the ending of a name: .gz, .zst, .xz.
[[nodiscard]] Compression compression_of(const std::filesystem::path& path);

class OutputFile {
 public:
  // Throws MachineError, as everything here does: a full disk, a folder that is not there.
  OutputFile(const std::filesystem::path& path, Compression compression);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile();

  void add(std::string_view text);
  // Writes what is left and closes the file. Without it the file is cut short.
  void finish();

 private:
  struct Archive;  // libarchive's writer

  void flush();

  std::string buffer_;
  std::unique_ptr<Archive> archive_;
};

}  // namespace epfleet::text
