// One tree from all the files that a scenario consists of: what it extends, the parts it names,
// overrides.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "epfleet/config/document.h"

namespace epfleet::config {

// Problems are added to `problems`; what could be read is in the tree. In it every part is
// expanded, and prefill.hardware and decode.hardware are whole profiles where they are stated at
// all.
[[nodiscard]] Node assemble_scenario(const std::string& path,
                                     std::span<const std::string> overrides,
                                     std::vector<base::Problem>& problems);

// {hardware: NAME} as the tree of a scenario.
[[nodiscard]] Node assemble_hardware(const std::string& name_or_path, const std::string& folder,
                                     std::vector<base::Problem>& problems);

}  // namespace epfleet::config
