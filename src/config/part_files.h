// Where the shared parts are that scenarios name: hardware, models, classes, price books.
#pragma once

#include <optional>
#include <string>

namespace epfleet::config {

// The file of a part by name or path, as written in a file of `folder`; none: there is no such.
// `kind`: the folder among the parts that it is in ("engines"); empty: none.
[[nodiscard]] std::optional<std::string> find_part(const std::string& name,
                                                   const std::string& folder,
                                                   const std::string& kind);
// The names that could have been meant.
[[nodiscard]] std::string parts_near(const std::string& folder, const std::string& kind);

}  // namespace epfleet::config
