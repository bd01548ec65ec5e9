#include "part_files.h"

#include <fmt/format.h>

#include <filesystem>
#include <set>
#include <vector>

#include "epfleet/config/paths.h"
#include "epfleet/config/shipped.h"

namespace epfleet::config {
namespace {

namespace fs = std::filesystem;

bool is_path(const std::string& name) {
  return name.find('/') != std::string::npos || name.ends_with(".yaml") || name.ends_with(".yml");
}

// Folders that may hold parts: parts/ and configs/parts/ beside the file and in every folder
// above, and those that came with epfleet.
std::vector<fs::path> part_folders(const std::string& folder, const std::string& kind) {
  std::vector<fs::path> folders;
  fs::path at = canonical_path(folder.empty() ? "." : folder);
  fs::path shown = folder;  // keeps what is shown relative, as the scenario was named
  for (int level = 0; level < 64; ++level) {
    folders.push_back((shown / "parts" / kind).lexically_normal());
    folders.push_back((shown / "configs" / "parts" / kind).lexically_normal());
    if (!at.has_parent_path() || at == at.root_path()) {
      break;
    }
    at = at.parent_path();
    shown /= "..";
  }
  if (shipped_folder()) {
    folders.push_back(fs::path(*shipped_folder()) / "configs" / "parts" / kind);
  }
  return folders;
}

}  // namespace

std::optional<std::string> find_part(const std::string& name, const std::string& folder,
                                     const std::string& kind) {
  if (is_path(name)) {
    const std::string path = resolved_path(name, folder);
    return is_file(path) ? std::optional(path) : std::nullopt;
  }
  for (const fs::path& parts : part_folders(folder, kind)) {
    const fs::path path = parts / (name + ".yaml");
    if (is_file(path.generic_string())) {
      return path.generic_string();
    }
  }
  return std::nullopt;
}

std::string parts_near(const std::string& folder, const std::string& kind) {
  std::set<std::string> names;
  for (const fs::path& parts : part_folders(folder, kind)) {
    std::error_code status;
    for (const auto& entry : fs::directory_iterator(parts, status)) {
      if (entry.path().extension() == ".yaml") {
        names.insert(entry.path().stem().generic_string());
      }
    }
  }
  return names.empty() ? "the parts in parts/ (there are none)"
                       : fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace epfleet::config
