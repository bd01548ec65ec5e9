// The text of a gzip stream, its checksum held against it: libarchive's own filter does not.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace epfleet::text {

class Gunzip {
 public:
  // More of the stream; empty at its end. Valid until the next call.
  using Refill = std::function<std::span<const char>()>;

  explicit Gunzip(Refill refill);
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;
  ~Gunzip();

  [[nodiscard]] static bool begins(std::span<const char> stream) {
    return stream.size() > 1 && stream[0] == '\x1f' && stream[1] == '\x8b';
  }

  // Up to `most` bytes; 0 at the end, or where the stream is cut or damaged: see fault().
  [[nodiscard]] std::size_t read(char* to, std::size_t most);
  [[nodiscard]] const std::optional<std::string>& fault() const { return fault_; }

 private:
  void refill();

  Refill more_;
  z_stream stream_{};
  bool in_member_ = false;  // of a stream of several
  bool over_ = false;
  std::optional<std::string> fault_;
};

}  // namespace epfleet::text
