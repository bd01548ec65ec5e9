#include "epfleet/report/length_lists.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "epfleet/base/error.h"
#include "epfleet/text/files.h"

namespace epfleet::report {

std::map<std::string, std::vector<std::int64_t>> load_length_lists(const std::string& path) {
  const auto text = text::read_if_any(path);
  if (!text) {
    throw base::InputError(
        base::Problem{.file = path, .what = "cannot be read", .remedy = "check the name"});
  }
  const auto wrong = [&path](std::string what) {
    return base::InputError(
        base::Problem{.file = path,
                      .what = std::move(what),
                      .remedy = R"(write {"case": [length, length, ...], ...})"});
  };
  const nlohmann::json document = nlohmann::json::parse(*text, nullptr, false);
  if (!document.is_object()) {
    throw wrong("is not a JSON object of lists");
  }
  std::map<std::string, std::vector<std::int64_t>> lists;
  for (const auto& [name, values] : document.items()) {
    if (!values.is_array() || values.empty()) {
      throw wrong(fmt::format("{} is not a list of lengths", name));
    }
    for (const auto& value : values) {
      if (!value.is_number_integer() || value.get<std::int64_t>() < 1) {
        throw wrong(fmt::format("{} holds something that is not a length above 0", name));
      }
      lists[name].push_back(value.get<std::int64_t>());
    }
  }
  return lists;
}

}  // namespace epfleet::report
