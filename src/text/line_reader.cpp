#include "epfleet/text/line_reader.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace epfleet::text {
namespace {

constexpr std::size_t kChunk = 262'144;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

LineReader::LineReader(std::string path, std::size_t longest)
    : file_(std::move(path)), longest_(longest), buffer_(2 * kChunk + kPadding) {}

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
  const std::size_t got = file_.read(buffer_.data() + end_, kChunk);
  end_ += got;
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

bool LineReader::line_is_utf8() const {
  const auto line_end = static_cast<std::size_t>(line_.data() - buffer_.data()) + line_.size();
  return line_end <= known_utf8_to_ || simdjson::validate_utf8(line_);
}

LineReader::Got LineReader::take(std::size_t length, bool with_end) {
  line_ = {buffer_.data() + at_, length};
  at_ += length + (with_end ? 1 : 0);
  if (number_ == 1 && line_.starts_with(kByteOrderMark)) {
    line_.remove_prefix(kByteOrderMark.size());
  }
  if (!line_.empty() && line_.back() == '\r') {
    line_.remove_suffix(1);
  }
  return Got::Line;
}

LineReader::Got LineReader::skip_long_line() {
  while (true) {
    const void* newline = std::memchr(buffer_.data() + at_, '\n', end_ - at_);
    if (newline != nullptr) {
      at_ = static_cast<std::size_t>(static_cast<const char*>(newline) - buffer_.data()) + 1;
      return Got::TooLong;
    }
    at_ = end_;
    if (!fill()) {
      return Got::TooLong;
    }
  }
}

LineReader::Got LineReader::next() {
  ++number_;
  std::size_t searched = 0;
  while (true) {
    const char* begin = buffer_.data() + at_;
    const void* newline = std::memchr(begin + searched, '\n', end_ - at_ - searched);
    if (newline != nullptr) {
      const auto length = static_cast<std::size_t>(static_cast<const char*>(newline) - begin);
      if (length > longest_) {
        return skip_long_line();
      }
      return take(length, true);
    }
    searched = end_ - at_;
    if (searched > longest_) {
      return skip_long_line();
    }
    if (!fill()) {
      break;
    }
  }
  if (at_ == end_) {
    return Got::End;
  }
  cut_last_line_ = true;
  return take(end_ - at_, false);
}

}  // namespace epfleet::text
