#include "epfleet/text/line_reader.h"

#include <fmt/core.h>
#include <simdjson.h>

#include <cstring>
#include <utility>

#include "epfleet/base/error.h"
#include "foreign_content.h"
#include "input_file.h"

namespace epfleet::text {

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }
namespace {

constexpr std::size_t kChunk = InputFile::kChunk;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

LineReader::LineReader(std::string path, std::size_t longest)
    : file_(std::make_unique<InputFile>(path == "-" ? "/dev/stdin" : std::move(path))),
      longest_(longest),
      room_(2 * kChunk + kPadding),
      buffer_(std::make_unique_for_overwrite<char[]>(room_)) {}

LineReader::~LineReader() = default;

const std::string& LineReader::path() const { return file_->path(); }

bool LineReader::fill() {
  if (at_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + at_, end_ - at_);
    known_utf8_to_ = known_utf8_to_ > at_ ? known_utf8_to_ - at_ : 0;
    end_ -= at_;
    at_ = 0;
  }
  if (end_ + kChunk + kPadding > room_) {
    room_ *= 2;
    auto larger = std::make_unique_for_overwrite<char[]>(room_);
    std::memcpy(larger.get(), buffer_.get(), end_);
    buffer_ = std::move(larger);
  }
  const std::size_t unread = std::exchange(end_, 0);  // for good, if the file is damaged here
  const std::size_t got = file_->read(buffer_.get() + unread);
  end_ = unread + got;
  if (bytes_ == 0) {
    refuse_foreign({buffer_.get(), end_});
  }
  bytes_ += static_cast<std::int64_t>(got);
  // Checked in large pieces: a call per line would cost more than reading it.
  const char* begin = buffer_.get() + known_utf8_to_;
  const auto* newline = static_cast<const char*>(memrchr(begin, '\n', end_ - known_utf8_to_));
  if (newline != nullptr &&
      simdjson::validate_utf8(begin, static_cast<std::size_t>(newline - begin))) {
    known_utf8_to_ = static_cast<std::size_t>(newline - buffer_.get());
  }
  return got > 0;
}

void LineReader::refuse_foreign(std::string_view beginning) const {
  if (const auto foreign = foreign_content(beginning)) {
    throw base::InputError({.file = path(), .what = foreign->what, .remedy = foreign->remedy});
  }
}

bool LineReader::line_is_utf8() const {
  const auto line_end = static_cast<std::size_t>(line_.data() - buffer_.get()) + line_.size();
  return line_end <= known_utf8_to_ || simdjson::validate_utf8(line_);
}

void LineReader::take(std::size_t length) {
  line_ = {buffer_.get() + at_, length};
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
    const char* begin = buffer_.get() + at_;
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
    const char* begin = buffer_.get() + at_;
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
    --number_;  // the last line stays the one that messages name
    return Got::End;
  }
  cut_last_line_ = true;
  take(end_ - at_);
  at_ = end_;
  return Got::Line;
}

}  // namespace epfleet::text
