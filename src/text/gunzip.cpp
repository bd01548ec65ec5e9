#include "gunzip.h"

#include <new>
#include <utility>

namespace epfleet::text {

Gunzip::Gunzip(Refill refill) : more_(std::move(refill)) {
  constexpr int kGzipOnly = 16;
  if (inflateInit2(&stream_, MAX_WBITS + kGzipOnly) != Z_OK) {
    throw std::bad_alloc();
  }
}

Gunzip::~Gunzip() { inflateEnd(&stream_); }

void Gunzip::refill() {
  const std::span<const char> more = more_();
  over_ = more.empty();
  stream_.avail_in = static_cast<uInt>(more.size());
  // zlib does not write there.
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(more.data()));
}

std::size_t Gunzip::read(char* to, std::size_t most) {
  while (!fault_) {
    if (stream_.avail_in == 0 && !over_) {
      refill();
    }
    if (stream_.avail_in == 0) {
      if (in_member_) {
        fault_ = "truncated gzip input";
      }
      break;
    }
    if (!in_member_) {
      if (*stream_.next_in != 0x1f) {
        break;  // zeros that fill a block, as gzip itself ignores them
      }
      inflateReset(&stream_);
      in_member_ = true;
    }
    stream_.next_out = reinterpret_cast<Bytef*>(to);
    stream_.avail_out = static_cast<uInt>(most);
    const int what = inflate(&stream_, Z_NO_FLUSH);
    in_member_ = what != Z_STREAM_END;
    if (what != Z_OK && what != Z_STREAM_END && what != Z_BUF_ERROR) {
      fault_ = stream_.msg != nullptr ? stream_.msg : "damaged gzip input";
    }
    if (const std::size_t got = most - stream_.avail_out; got > 0) {
      return got;
    }
  }
  return 0;
}

}  // namespace epfleet::text
