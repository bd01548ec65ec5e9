// Hardware profiles for commands that take no scenario.
#pragma once

#include <string>

#include "epfleet/hardware/profile.h"

namespace epfleet::cli {

// By path, or by name: parts/NAME.yaml here, in ./configs, or in the configs that this program was
// built or installed with. Throws InputError.
[[nodiscard]] hardware::HardwareProfile find_profile(const std::string& name_or_path);

}  // namespace epfleet::cli
