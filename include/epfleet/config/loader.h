// From a scenario file to a checked Scenario. `extends: FILE` puts a file under the one that names
// it (maps add up, everything else is replaced); hardware, model, session classes and price books
// may be the NAME of a part: parts/NAME.yaml beside the file or in one of the folders above it.
// Left out: merge keys (<<) and includes elsewhere.
#pragma once

#include <span>
#include <string>

#include "epfleet/config/scenario.h"

namespace epfleet::config {

// "decode.gpus=128": as if the scenario file said so, last.
using Override = std::string;

// Throws base::InputError with every problem found: syntax, unknown and duplicate keys, wrong
// values, and what does not fit together (check.h). Relative paths inside are resolved against the
// file they stand in.
[[nodiscard]] Scenario load_scenario(const std::string& path,
                                     std::span<const Override> overrides = {});

// A hardware profile alone, by name (looked up as from a file in `folder`) or by path.
[[nodiscard]] hardware::HardwareProfile load_hardware(const std::string& name_or_path,
                                                      const std::string& folder = ".");

// The scenario that an empty file describes.
[[nodiscard]] Scenario default_scenario();

}  // namespace epfleet::config
