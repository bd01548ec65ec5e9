#include "epfleet/config/shipped.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "epfleet/config/paths.h"

namespace epfleet::config {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "builtin:";

bool holds_parts(const fs::path& folder) {
  return is_file((folder / "configs" / "parts" / "h800.yaml").generic_string());
}

std::optional<std::string> find_folder() {
  if (const char* stated = std::getenv("EPFLEET_SHARE"); stated != nullptr && *stated != '\0') {
    return holds_parts(stated) ? std::optional(canonical_path(stated)) : std::nullopt;
  }
  std::error_code trouble;
  const fs::path program = fs::read_symlink("/proc/self/exe", trouble);
  for (fs::path at = program; at.has_relative_path(); at = at.parent_path()) {
    for (const fs::path& folder : {at.parent_path() / "share" / "epfleet", at.parent_path()}) {
      if (holds_parts(folder)) {
        return canonical_path(folder.generic_string());
      }
    }
  }
  return std::nullopt;
}

}  // namespace

bool is_builtin(std::string_view path) { return path.starts_with(kPrefix); }

const std::optional<std::string>& shipped_folder() {
  static const std::optional<std::string> kFolder = find_folder();
  return kFolder;
}

std::optional<std::string> shipped_file(std::string_view builtin) {
  const std::string name(builtin.substr(std::min(builtin.size(), kPrefix.size())));
  if (!shipped_folder() || name.empty()) {
    return std::nullopt;
  }
  const fs::path root(*shipped_folder());
  for (const fs::path& path :
       {root / "configs" / (name + ".yaml"), root / "configs" / name, root / name}) {
    if (const std::string file = path.lexically_normal().generic_string(); is_file(file)) {
      return file;
    }
  }
  return std::nullopt;
}

std::optional<std::string> builtin_name(const std::string& path) {
  if (!shipped_folder()) {
    return std::nullopt;
  }
  std::error_code trouble;  // a path of somebody's own through a link stays as it is
  std::string name = fs::absolute(path, trouble)
                         .lexically_normal()
                         .lexically_relative(*shipped_folder())
                         .generic_string();
  if (name.empty() || name.starts_with("..")) {
    return std::nullopt;
  }
  if (name.starts_with("configs/")) {
    name.erase(0, std::string_view("configs/").size());
  }
  return std::string(kPrefix) + name;
}

std::vector<std::string> builtin_names() {
  std::vector<std::string> names;
  if (!shipped_folder()) {
    return names;
  }
  for (const char* folder : {"", "sweeps/"}) {
    std::error_code trouble;
    std::vector<std::string> here;
    for (const auto& entry :
         fs::directory_iterator(fs::path(*shipped_folder()) / "configs" / folder, trouble)) {
      if (entry.path().extension() == ".yaml") {
        here.push_back(std::string(kPrefix) + folder + entry.path().stem().generic_string());
      }
    }
    std::ranges::sort(here);
    names.insert(names.end(), here.begin(), here.end());
  }
  return names;
}

}  // namespace epfleet::config
