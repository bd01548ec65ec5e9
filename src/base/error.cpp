#include "epfleet/base/error.h"

#include <fmt/format.h>

namespace epfleet::base {
namespace {

std::string joined(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) {
    text += (text.empty() ? "" : "\n") + problem.text();
  }
  return text;
}

}  // namespace

std::string Problem::text() const {
  std::string place = file;
  if (line > 0) {
    place += fmt::format(":{}", line);
  }
  if (column > 0) {
    place += fmt::format(":{}", column);
  }
  std::string text;
  for (const std::string& part : {place, key}) {
    if (!part.empty()) {
      text += part + ": ";
    }
  }
  text += what;
  return remedy.empty() ? text : text + "; " + remedy;
}

InputError::InputError(std::vector<Problem> problems)
    : std::runtime_error(joined(problems)), problems_(std::move(problems)) {}

InputError::InputError(Problem problem) : InputError(std::vector<Problem>{std::move(problem)}) {}

void break_invariant(const char* condition, const char* file, int line,
                     const std::string& message) {
  throw InvariantBroken(
      fmt::format("{}:{}: broken invariant: {} ({})", file, line, message, condition));
}

}  // namespace epfleet::base
