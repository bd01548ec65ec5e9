#include "epfleet/base/sum_check.h"

#include <fmt/format.h>

namespace epfleet::base {

std::string SumCheck::printed(TokenParts tokens) {
  return fmt::format("{} tokens", tokens.tokens());  // parts of 1/256: no digit is lost
}

std::string SumCheck::printed(double number) { return fmt::format("{}", number); }

void SumCheck::differ(const char* sum, const char* is, const std::string& kept, const char* but,
                      const std::string& anew) {
  if (difference_) {
    return;
  }
  std::string where;
  for (const auto& [what, index] : places_) {
    where += where.empty() ? "" : ", ";
    where += index ? fmt::format("{} {}", what, *index) : what;
  }
  const std::string place = where.empty() ? "" : where + ": ";
  difference_ = kept.empty() ? fmt::format("{}{}: {}", place, is, sum)
                             : fmt::format("{}{} {} {}, {} {}", place, sum, is, kept, but, anew);
}

}  // namespace epfleet::base
