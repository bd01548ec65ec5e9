// Loads of experts as a table: CSV (plain or compressed), a row per layer with experts, a column
// per logical expert. A first line of words is a header; empty lines and lines that begin with '#'
// are skipped. Loads are numbers >= 0 in any unit: only their ratio within a layer counts.
#pragma once

#include <string>
#include <vector>

namespace epfleet::experts {

using ExpertLoads = std::vector<std::vector<double>>;  // by layer, then by expert

// At least one layer, all of the same width. Throws InputError with every problem, each with file,
// line and column.
[[nodiscard]] ExpertLoads read_expert_loads(const std::string& path);

}  // namespace epfleet::experts
