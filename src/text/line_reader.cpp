#include "epfleet/text/line_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <simdjson.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "epfleet/base/error.h"
#include "epfleet/text/files.h"
#include "foreign_content.h"
#include "gunzip.h"

namespace epfleet::text {

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }
namespace {

constexpr std::size_t kChunk = 262'144;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

// The bytes of a file as a stream, uncompressed.
class InputFile {
 public:
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

InputFile::InputFile(std::string path)
    : path_(std::move(path)),
      file_{(refuse_device(path_, ""), ::open(path_.c_str(), O_RDONLY | O_CLOEXEC))},
      archive_(archive_read_new(), archive_read_free) {
  constexpr std::size_t kDiskBlock = 262'144;
  if (file_.fd < 0) {
    throw problem("cannot be read", std::strerror(errno), "check the path");
  }
  // Not all filters: some start other programs, and one takes plain text for uuencoded.
  archive_read_support_filter_zstd(archive_.get());
  archive_read_support_filter_xz(archive_.get());
  archive_read_support_filter_bzip2(archive_.get());
  archive_read_support_format_raw(archive_.get());
  archive_read_support_format_empty(archive_.get());
  if (archive_read_open_fd(archive_.get(), file_.fd, kDiskBlock) != ARCHIVE_OK) {
    // libarchive's own errors are -1 and EILSEQ; the system's (no such file) come as they are.
    const int why = archive_errno(archive_.get());
    const bool damaged = why < 0 || why == EILSEQ;
    const char* reason = archive_error_string(archive_.get());
    throw damaged
        ? problem("is cut or damaged in its first block, so that nothing of it can be read", reason,
                  "fetch it again")
        : problem("cannot be read", reason, "check the path");
  }
  archive_entry* entry = nullptr;
  const int opened = archive_read_next_header(archive_.get(), &entry);
  if (opened != ARCHIVE_OK && opened != ARCHIVE_EOF) {
    throw problem("cannot be read", archive_error_string(archive_.get()),
                  "give a plain, gzip, zstd, xz or bzip2 file");
  }
  over_ = opened == ARCHIVE_EOF;  // an empty file has no entry to read
}

std::span<const char> InputFile::read_packed() {
  packed_.resize(kChunk);
  const auto got = over_ ? 0 : archive_read_data(archive_.get(), packed_.data(), packed_.size());
  over_ = got <= 0;
  if (got < 0) {
    throw problem("the file is cut or damaged", archive_error_string(archive_.get()),
                  "fetch it again");
  }
  return {packed_.data(), static_cast<std::size_t>(got)};
}

std::size_t InputFile::read(char* to) {
  if (!std::exchange(begun_, true)) {
    const std::span<const char> beginning = read_packed();
    if (Gunzip::begins(beginning)) {
      gunzip_.emplace([this, beginning, first = true]() mutable {
        return std::exchange(first, false) ? beginning : read_packed();
      });
    } else {
      std::ranges::copy(beginning, to);
      return beginning.size();
    }
  }
  if (!gunzip_) {
    return static_cast<std::size_t>(std::ranges::copy(read_packed(), to).out - to);
  }
  const std::size_t got = gunzip_->read(to, kChunk);
  if (got == 0 && gunzip_->fault()) {
    const std::string fault = *gunzip_->fault();
    gunzip_.reset();
    over_ = true;
    throw problem("the file is cut or damaged", fault.c_str(), "fetch it again");
  }
  return got;
}

base::InputError InputFile::problem(const char* what, const char* reason,
                                    const char* remedy) const {
  return base::InputError(
      {.file = path_,
       .what = fmt::format("{}: {}", what, reason != nullptr ? reason : "unknown error"),
       .remedy = remedy});
}

LineReader::LineReader(std::string path, std::size_t longest)
    : file_(std::make_unique<InputFile>(path == "-" ? "/dev/stdin" : std::move(path))),
      longest_(longest),
      buffer_(2 * kChunk + kPadding) {}

LineReader::~LineReader() = default;

const std::string& LineReader::path() const { return file_->path(); }

bool LineReader::fill() {
  if (at_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + at_, end_ - at_);
    known_utf8_to_ = known_utf8_to_ > at_ ? known_utf8_to_ - at_ : 0;
    end_ -= at_;
    at_ = 0;
  }
  if (end_ + kChunk + kPadding > buffer_.size()) {
    buffer_.resize(2 * buffer_.size());
  }
  const std::size_t unread = std::exchange(end_, 0);  // for good, if the file is damaged here
  const std::size_t got = file_->read(buffer_.data() + unread);
  end_ = unread + got;
  if (bytes_ == 0) {
    refuse_foreign({buffer_.data(), end_});
  }
  bytes_ += static_cast<std::int64_t>(got);
  // Checked in large pieces: a call per line would cost more than reading it.
  const char* begin = buffer_.data() + known_utf8_to_;
  const auto* newline = static_cast<const char*>(memrchr(begin, '\n', end_ - known_utf8_to_));
  if (newline != nullptr &&
      simdjson::validate_utf8(begin, static_cast<std::size_t>(newline - begin))) {
    known_utf8_to_ = static_cast<std::size_t>(newline - buffer_.data());
  }
  return got > 0;
}

void LineReader::refuse_foreign(std::string_view beginning) const {
  if (const auto foreign = foreign_content(beginning)) {
    throw base::InputError({.file = path(), .what = foreign->what, .remedy = foreign->remedy});
  }
}

bool LineReader::line_is_utf8() const {
  const auto line_end = static_cast<std::size_t>(line_.data() - buffer_.data()) + line_.size();
  return line_end <= known_utf8_to_ || simdjson::validate_utf8(line_);
}

void LineReader::take(std::size_t length) {
  line_ = {buffer_.data() + at_, length};
  if (number_ == 1 && line_.starts_with(kByteOrderMark)) {
    line_.remove_prefix(kByteOrderMark.size());
  }
  if (line_.ends_with('\r')) {
    line_.remove_suffix(1);
  }
}

void LineReader::skip_rest() {
  const std::int64_t begin_bytes = bytes_;
  while (true) {
    const char* begin = buffer_.data() + at_;
    if (const void* newline = std::memchr(begin, '\n', end_ - at_)) {
      at_ += static_cast<std::size_t>(static_cast<const char*>(newline) - begin) + 1;
      return;
    }
    at_ = end_;  // what was read of it makes room
    if (bytes_ - begin_bytes > kMostIdleBytes) {
      throw base::InputError({.file = path(),
                              .what = fmt::format("line {} is longer than 1 GiB", number_),
                              .remedy = "is this a text?"});
    }
    if (!fill()) {
      return;
    }
  }
}

LineReader::Got LineReader::next() {
  if (std::exchange(too_long_, false)) {
    skip_rest();
  }
  ++number_;
  std::size_t searched = 0;
  while (true) {
    const char* begin = buffer_.data() + at_;
    const void* newline = std::memchr(begin + searched, '\n', end_ - at_ - searched);
    const std::size_t length =
        newline != nullptr ? static_cast<std::size_t>(static_cast<const char*>(newline) - begin)
                           : end_ - at_;
    if (length > longest_) {
      too_long_ = true;
      return Got::TooLong;
    }
    if (newline != nullptr) {
      take(length);
      at_ += length + 1;
      return Got::Line;
    }
    searched = length;
    if (!fill()) {
      break;
    }
  }
  if (at_ == end_) {
    return Got::End;
  }
  cut_last_line_ = true;
  take(end_ - at_);
  at_ = end_;
  return Got::Line;
}

}  // namespace epfleet::text
