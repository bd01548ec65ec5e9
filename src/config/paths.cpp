#include "epfleet/config/paths.h"

#include <filesystem>
#include <system_error>

namespace epfleet::config {

namespace fs = std::filesystem;

std::string folder_of(const std::string& file) {
  const fs::path folder = fs::path(file).parent_path();
  return folder.empty() ? "." : folder.generic_string();
}

std::string resolved_path(const std::string& text, const std::string& folder) {
  return (fs::path(folder) / text).lexically_normal().generic_string();  // an absolute text stays
}

bool is_file(const std::string& path) {
  std::error_code trouble;  // a name too long, say: no such file either
  return fs::is_regular_file(path, trouble);
}

std::string why_no_file(const std::string& path) {
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

}  // namespace epfleet::config
