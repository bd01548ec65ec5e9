// The page without its data, made by tools/cmake/bundle_page.cmake when the program is built.
#pragma once

#include <string_view>

namespace epfleet::page {

[[nodiscard]] std::string_view page_template();

}  // namespace epfleet::page
