// The bytes of a file as a stream: plain, gzip, zstd, xz or bzip2, told apart by content and not by
// name.
// Left out: archives of several files (tar, zip); they are read as the bytes they are.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "epfleet/base/error.h"

struct archive;  // libarchive's

namespace epfleet::text {

class InputFile {
 public:
  // Throws InputError when the file cannot be opened.
  explicit InputFile(std::string path);

  // Up to `most` bytes, uncompressed; 0 at the end. Throws InputError when the file is cut or
  // damaged (compressed files tell).
  [[nodiscard]] std::size_t read(char* to, std::size_t most);

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  [[nodiscard]] base::InputError problem(const char* what, const char* remedy) const;

  std::string path_;
  std::unique_ptr<archive, int (*)(archive*)> archive_;
  bool over_ = false;
};

}  // namespace epfleet::text
