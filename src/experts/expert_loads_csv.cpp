#include "epfleet/experts/expert_loads_csv.h"

#include <fmt/format.h>

#include <cctype>
#include <string_view>

#include "epfleet/base/error.h"
#include "epfleet/text/csv_reader.h"
#include "epfleet/text/parse.h"

namespace epfleet::experts {
namespace {

constexpr double kLargest = 1e30;    // sums stay within single precision
constexpr double kSmallest = 1e-30;  // beside 0: so do logarithms of half of it, drifting

bool is_word(std::string_view text) {
  return !text.empty() && std::isalpha(static_cast<unsigned char>(text[0])) != 0 && text != "nan" &&
         text != "inf";
}

}  // namespace

// Collects what is wrong, so that all of it is said at once.
ExpertLoads read_expert_loads(const std::string& path) {
  text::CsvReader rows(path, {}, {}, {.header = false});
  std::vector<base::Problem> problems;
  const auto add = [&](const base::InputError& error) {
    problems.push_back(error.problems().front());
  };
  ExpertLoads loads;
  for (bool first = true; rows.next_row(); first = false) {
    if (first && is_word(rows.text(0))) {
      continue;
    }
    std::vector<double> row;
    for (std::size_t i = 0; i < rows.fields(); ++i) {
      const auto load = text::parse_number(rows.text(i));
      if (!load || *load < 0.0 || *load > kLargest || (*load > 0.0 && *load < kSmallest)) {
        add(rows.problem(i, fmt::format("'{}' is not a load", rows.text(i)),
                         "write 0 or numbers from 1e-30 to 1e30, one an expert"));
      }
      row.push_back(load.value_or(0.0));
    }
    if (!loads.empty() && row.size() != loads.front().size()) {
      add(rows.problem(fmt::format("has {} loads, not {}", row.size(), loads.front().size()),
                       "every layer has the same experts"));
    }
    loads.push_back(std::move(row));
  }
  if (!problems.empty()) {
    throw base::InputError(std::move(problems));
  }
  if (loads.empty()) {
    throw base::InputError(
        {.file = path, .what = "has no layers", .remedy = "write a row a layer"});
  }
  return loads;
}

}  // namespace epfleet::experts
