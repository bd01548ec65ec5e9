// What a misspelt word was meant to be.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace epfleet::text {

// The word most like a misspelt one; empty if none is near.
[[nodiscard]] std::string nearest_word(std::string_view misspelt,
                                       std::span<const std::string> words);

}  // namespace epfleet::text
