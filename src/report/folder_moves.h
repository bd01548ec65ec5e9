// The files of a result folder, and how a new folder takes the place of an old one.
#pragma once

#include <filesystem>
#include <vector>

namespace epfleet::report {

// Names of what epfleet did not write.
[[nodiscard]] std::vector<std::filesystem::path> users_files(const std::filesystem::path& folder);

// And the folder, if nothing else is in it.
void remove_own_files(const std::filesystem::path& folder);

// Where a folder is filled that is to take the place of `target`, which is there, if nothing can be
// made beside it.
[[nodiscard]] std::filesystem::path staging_within(const std::filesystem::path& target);

// Across mount points it is copied. Throws MachineError.
void move_folder(const std::filesystem::path& from, const std::filesystem::path& to);

// Moves a result to `target`, or replaces the result that is there; its other files stay. Throws
// MachineError.
void put_in_place(const std::filesystem::path& staging, const std::filesystem::path& target);

}  // namespace epfleet::report
