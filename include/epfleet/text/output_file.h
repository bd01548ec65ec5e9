// A text file that is written piece by piece, compressed on the way.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct archive;  // libarchive's

namespace epfleet::text {

enum class Compression : std::uint8_t { None, Gzip, Zstd, Xz };

// By the ending of a name: .gz, .zst, .xz.
[[nodiscard]] Compression compression_of(const std::filesystem::path& path);

class OutputFile {
 public:
  // Throws MachineError, as everything here does: a full disk, a folder that is not there.
  OutputFile(const std::filesystem::path& path, Compression compression);

  void add(std::string_view text);
  // Writes what is left and closes the file. Without it the file is cut short.
  void finish();

 private:
  void check(bool good) const;
  void flush();

  std::string path_, buffer_;
  std::unique_ptr<archive, int (*)(archive*)> archive_;
};

}  // namespace epfleet::text
