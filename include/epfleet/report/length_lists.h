// Lists of whole numbers by name, from a JSON file: {"r0": [6205, 4897], "r1": [243]}.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace epfleet::report {

// Throws InputError if it is not such a file; MachineError if it cannot be read.
[[nodiscard]] std::map<std::string, std::vector<std::int64_t>> load_length_lists(
    const std::string& path);

}  // namespace epfleet::report
