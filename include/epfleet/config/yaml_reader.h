// From YAML text to a Node tree; the only file that knows yaml-cpp.
// yaml-cpp builds whatever the text asks for: its events are taken instead, so that nesting and
// what aliases expand to are bounded while the text is read, and duplicate keys are seen (yaml-cpp
// keeps both).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "epfleet/config/document.h"

namespace epfleet::config {

inline constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMaxDepth = 32;
inline constexpr std::size_t kMaxNodes = 100'000;  // aliases count as what they stand for

// Problems are added to `problems`; the tree holds what could be read. `text` is one document or
// empty.
[[nodiscard]] Node read_yaml(const std::string& text, const Place& start,
                             std::vector<base::Problem>& problems);

// The same for a file; `start.file` is how it is shown and `path` how it is opened.
[[nodiscard]] Node read_yaml_file(const std::string& path, const Place& start,
                                  std::vector<base::Problem>& problems);

}  // namespace epfleet::config
