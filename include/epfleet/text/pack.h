// Bytes made small, and made text.
#pragma once

#include <string>
#include <string_view>

namespace epfleet::text {

// A gzip member without name and time: the same bytes give the same bytes.
[[nodiscard]] std::string gzip(std::string_view bytes);

// RFC 4648, padded, in one line.
[[nodiscard]] std::string base64(std::string_view bytes);

}  // namespace epfleet::text
