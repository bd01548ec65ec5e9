#include "profile_lookup.h"

#include <fmt/format.h>

#include <filesystem>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/config/loader.h"

namespace epfleet::cli {
namespace {

namespace fs = std::filesystem;

// From the program's folder up: build/release/epfleet lies two below configs, bin/epfleet of an
// installation one below share/epfleet/configs.
std::vector<fs::path> folders() {
  std::vector<fs::path> folders{".", "configs"};
  std::error_code unknown;
  fs::path folder = fs::read_symlink("/proc/self/exe", unknown).parent_path();
  for (int up = 0; !unknown && up < 4 && !folder.empty(); ++up) {
    folders.push_back(folder / "configs");
    folders.push_back(folder / "share" / "epfleet" / "configs");
    folder = folder.parent_path();
  }
  return folders;
}

}  // namespace

hardware::HardwareProfile find_profile(const std::string& name_or_path) {
  for (const fs::path& folder : folders()) {
    if (fs::exists(folder / "parts" / (name_or_path + ".yaml"))) {
      return config::load_hardware(name_or_path, folder.string());
    }
  }
  return config::load_hardware(name_or_path);
}

}  // namespace epfleet::cli
