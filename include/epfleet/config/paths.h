// Paths in scenario files: written relative to the file that states them, kept ready to be opened,
// printed relative to the scenario's folder so that no result names a folder of the machine it was
// made on.
#pragma once

#include <string>

namespace epfleet::config {

// Of what a file names relatively; "." for a bare name.
[[nodiscard]] std::string folder_of(const std::string& file);
// The file to open: of builtin:NAME (shipped.h) the one that came with epfleet, if there is one.
[[nodiscard]] std::string opened_path(const std::string& file);
[[nodiscard]] std::string resolved_path(const std::string& text, const std::string& folder);
[[nodiscard]] bool is_file(const std::string& path);
// REQUIRES: !is_file(path).
[[nodiscard]] std::string why_no_file(const std::string& path);
// The same text for every way to write the path of one file.
[[nodiscard]] std::string canonical_path(const std::string& path);
[[nodiscard]] std::string relative_path(const std::string& path, const std::string& folder);
// As the scenario's file would say it: what came with epfleet by its built-in name.
[[nodiscard]] std::string shown_path(const std::string& path, const std::string& scenario);

}  // namespace epfleet::config
