// The columns of a CSV file of numbers as a JSON object of arrays.
#pragma once

#include <string>
#include <string_view>

namespace epfleet::page {

// {"time_s": [...], ...}; time_s exact, all else to 6 digits; null for an empty field.
[[nodiscard]] std::string series_columns_json(std::string_view csv);

}  // namespace epfleet::page
