// Where the shared parts are that scenarios name: hardware, models, classes, price books.
#pragma once

#include <optional>
#include <string>

namespace epfleet::config {

// The file of a part by name or path, as written in a file of `folder`; none: there is no such.
[[nodiscard]] std::optional<std::string> find_part(const std::string& name,
                                                   const std::string& folder);
// The names that could have been meant.
[[nodiscard]] std::string parts_near(const std::string& folder);

}  // namespace epfleet::config
