#include "epfleet/config/paths.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "epfleet/config/shipped.h"

namespace epfleet::config {

namespace fs = std::filesystem;

std::string folder_of(const std::string& file) {
  const fs::path folder = fs::path(opened_path(file)).parent_path();
  return folder.empty() ? "." : folder.generic_string();
}

std::string opened_path(const std::string& file) {
  return is_builtin(file) ? shipped_file(file).value_or(file) : file;
}

std::string resolved_path(const std::string& text, const std::string& folder) {
  if (is_builtin(text)) {
    return opened_path(text);
  }
  return (fs::path(folder) / text).lexically_normal().generic_string();  // an absolute text stays
}

bool is_file(const std::string& path) {
  std::error_code trouble;  // a name too long, say: no such file either
  return fs::is_regular_file(path, trouble);
}

std::string why_no_file(const std::string& path) {
  if (is_builtin(path)) {
    return shipped_folder()
               ? fmt::format("is none of {}", fmt::join(builtin_names(), ", "))
               : fmt::format(
                     "is not there: the program was copied away from share/epfleet, and "
                     "$EPFLEET_SHARE names no such folder");
  }
  std::error_code trouble;
  return fs::is_directory(path, trouble) ? path + " is a folder, not a file"
         : fs::exists(path, trouble)     ? path + " is a pipe or a device; save it in a file first"
                                         : "no such file: " + path;
}

std::string canonical_path(const std::string& path) {
  std::error_code trouble;
  const fs::path canonical = fs::weakly_canonical(path, trouble);
  return trouble ? fs::path(path).lexically_normal().generic_string() : canonical.generic_string();
}

std::string relative_path(const std::string& path, const std::string& folder) {
  const fs::path relative =
      fs::path(path).lexically_normal().lexically_relative(fs::path(folder).lexically_normal());
  return relative.empty() ? path : relative.generic_string();
}

std::string shown_path(const std::string& path, const std::string& scenario) {
  const auto name = builtin_name(path);
  const bool at_home = !is_builtin(scenario) && builtin_name(scenario);
  return name && !at_home ? *name : relative_path(path, folder_of(scenario));
}

}  // namespace epfleet::config
