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
  const std::size_t unread = std::exchange(end_, 0);  // for good, if the file is damaged here
  const std::size_t got = file_.read(buffer_.data() + unread, kChunk);
  end_ = unread + got;
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

void LineReader::take(std::size_t length) {
  line_ = {buffer_.data() + at_, length};
  if (number_ == 1 && line_.starts_with(kByteOrderMark)) {
    line_.remove_prefix(kByteOrderMark.size());
  }
  if (line_.ends_with('\r')) {
    line_.remove_suffix(1);
  }
}

LineReader::Got LineReader::next() {
  ++number_;
  std::size_t searched = 0;
  bool too_long = false;
  while (true) {
    const char* begin = buffer_.data() + at_;
    const void* newline = std::memchr(begin + searched, '\n', end_ - at_ - searched);
    if (newline != nullptr) {
      const auto length = static_cast<std::size_t>(static_cast<const char*>(newline) - begin);
      too_long = too_long || length > longest_;
      take(length);
      at_ += length + 1;
      return too_long ? Got::TooLong : Got::Line;
    }
    searched = end_ - at_;
    if (too_long || searched > longest_) {  // what was read of it makes room
      too_long = true;
      at_ = end_;
      searched = 0;
    }
    if (!fill()) {
      break;
    }
  }
  if (at_ == end_) {
    return too_long ? Got::TooLong : Got::End;
  }
  cut_last_line_ = true;
  take(end_ - at_);
  at_ = end_;
  return Got::Line;
}

}  // namespace epfleet::text
