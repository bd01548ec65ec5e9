// Files that are no text, told by how they begin.
#pragma once

#include <optional>
#include <string_view>

namespace epfleet::text {

struct ForeignContent {
  const char* what;
  const char* remedy;
};

// None: it may be text. `beginning`: the first bytes of the file, uncompressed.
[[nodiscard]] std::optional<ForeignContent> foreign_content(std::string_view beginning);

}  // namespace epfleet::text
