// All that the page shows, as one JSON document.
#pragma once

#include <filesystem>
#include <string>

namespace epfleet::page {

// {kind, files {NAME: its text}, series {COLUMN: [...]}, metrics, columns, keys}. Throws InputError
// for a folder that epfleet has not written.
[[nodiscard]] std::string page_data(const std::filesystem::path& folder,
                                    const std::filesystem::path& sweep);

}  // namespace epfleet::page
