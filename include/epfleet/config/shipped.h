// The scenarios, sweeps, parts and traces that come with epfleet, wherever it is run: named
// `builtin:NAME` in the place of a path. They are in share/epfleet of the installation, or in the
// checkout that the program was built in, or where $EPFLEET_SHARE says.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace epfleet::config {

[[nodiscard]] bool is_builtin(std::string_view path);
// The folder with configs/ and traces/ in it; none: the program was copied away from them.
[[nodiscard]] const std::optional<std::string>& shipped_folder();
// The file of builtin:NAME: configs/NAME.yaml, configs/NAME, or NAME. None: there is no such file.
[[nodiscard]] std::optional<std::string> shipped_file(std::string_view builtin);
// builtin:NAME of a file below shipped_folder(); none of others.
[[nodiscard]] std::optional<std::string> builtin_name(const std::string& path);
// The scenarios and sweeps, as builtin:NAME.
[[nodiscard]] std::vector<std::string> builtin_names();

}  // namespace epfleet::config
