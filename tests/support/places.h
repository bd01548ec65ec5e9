// Where this build's sources and the shared tables are. Two functions, not definitions of the
// compiler: an object with a path of this machine in it serves no other clone.
#pragma once

#include <string>

namespace epfleet::test {

/// Folder of the sources, absolute.
[[nodiscard]] std::string source_dir();

/// Folder of the shared traces and tables (EPFLEET_SHARED_DIR), absolute; it may not exist.
[[nodiscard]] std::string shared_dir();

}  // namespace epfleet::test
