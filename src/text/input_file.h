// The bytes of a file as a stream, uncompressed.
#pragma once

#include <archive.h>
#include <unistd.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "epfleet/base/error.h"
#include "gunzip.h"

namespace epfleet::text {

class InputFile {
 public:
  static constexpr std::size_t kChunk = 262'144;

  // Throws InputError when the file cannot be opened.
  explicit InputFile(std::string path);

  // Up to kChunk bytes, uncompressed; 0 at the end. Throws InputError when the file is cut or
  // damaged (compressed files tell).
  [[nodiscard]] std::size_t read(char* to);

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  [[nodiscard]] std::span<const char> read_packed();
  [[nodiscard]] base::InputError problem(const char* what, const char* reason,
                                         const char* remedy) const;

  struct Descriptor {
    int fd;
    ~Descriptor() { ::close(fd); }  // libarchive would first read a pipe to its end
  };

  std::string path_;
  Descriptor file_;
  std::unique_ptr<archive, int (*)(archive*)> archive_;
  std::vector<char> packed_;
  std::optional<Gunzip> gunzip_;
  bool begun_ = false, over_ = false;
};

}  // namespace epfleet::text
