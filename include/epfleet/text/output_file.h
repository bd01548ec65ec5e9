// A text file that is written piece by piece, compressed on the way. zstd, gzip and xz files carry
// a checksum.
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
  ~OutputFile();

  void add(std::string_view text);
  // Writes what is left and closes the file. Without it the file is cut short.
  void finish();

 private:
  class Sink;

  std::string buffer_;
  std::unique_ptr<Sink> sink_;
};

}  // namespace epfleet::text
