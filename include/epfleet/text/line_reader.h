// Lines of a text file, plain, gzip, zstd, xz or bzip2, recognised by content and not by name, as
// views into a buffer: no copy, no allocation per line. A line longer than the cap is skipped in
// constant memory and reported, so neither a file without line ends nor a damaged one fills the
// memory; kMostIdleBytes of it are an error. Pipes are read as they come, and no further than
// somebody wants; `-` is the standard input.
// Refused by name: devices, archives (tar, zip), Parquet and other files that are no text, UTF-16.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace epfleet::text {

// Longest line of a trace: a prompt of a million tokens in blocks of 16 takes 0.6 MB.
inline constexpr std::size_t kLongestLine = std::size_t{4} << 20U;

// A pipe may never end. Who finds nothing of use in so many lines, or so many bytes, gives up.
inline constexpr std::int64_t kMostIdleLines = 1'000'000;
inline constexpr std::int64_t kMostIdleBytes = std::int64_t{1} << 30U;

class InputFile;

class LineReader {
 public:
  // Bytes behind every line that may be read, whatever they hold (simdjson reads ahead).
  static constexpr std::size_t kPadding = 64;

  enum class Got : std::uint8_t { Line, TooLong, End };

  // Throws InputError when the file cannot be opened.
  explicit LineReader(std::string path, std::size_t longest = kLongestLine);
  ~LineReader();

  // Throws InputError when the file is cut or damaged, or no text; what follows is the end. A line
  // that is too long is told as soon as it is; the rest of it is skipped by the next call.
  [[nodiscard]] Got next();

  // REQUIRES: next() was Line. Without its end, and a file's byte order mark; valid until the next
  // call.
  [[nodiscard]] std::string_view line() const { return line_; }
  [[nodiscard]] bool line_is_utf8() const;

  [[nodiscard]] std::int64_t number() const { return number_; }  // of the line, from 1; 0: none
  // The file's last line had no line end. Meaningful after End.
  [[nodiscard]] bool cut_last_line() const { return cut_last_line_; }
  [[nodiscard]] std::int64_t bytes() const { return bytes_; }  // read so far, uncompressed
  [[nodiscard]] const std::string& path() const;

 private:
  bool fill();  // reads more behind end_; false at the end of the file
  void refuse_foreign(std::string_view beginning) const;
  void skip_rest();
  void take(std::size_t length);

  std::unique_ptr<InputFile> file_;
  std::size_t longest_;
  std::size_t room_;                // of the buffer
  std::unique_ptr<char[]> buffer_;  // not zeroed: for a small file that would be the most work
  std::size_t at_ = 0, end_ = 0;    // unread bytes of the buffer
  std::size_t known_utf8_to_ = 0;   // everything before was checked
  std::string_view line_;
  std::int64_t number_ = 0;
  std::int64_t bytes_ = 0;
  bool cut_last_line_ = false;
  bool too_long_ = false;  // the rest of the line is still to be skipped
};

}  // namespace epfleet::text
