#include "epfleet/experiment/vary.h"

#include <fmt/format.h>

#include <cmath>

#include "epfleet/base/error.h"
#include "epfleet/config/key.h"
#include "epfleet/experiment/run_case.h"

namespace epfleet::experiment {
namespace {

constexpr double kMostWhole = 16;
constexpr int kEvenly = 5;
constexpr int kMostValues = 1000;

base::InputError problem(std::string what) {
  return base::InputError({.key = "--vary",
                           .what = std::move(what),
                           .remedy = "write KEY=LO..HI, KEY=LO..HI/STEP or KEY=A,B,C"});
}

double number(const Vary& vary, const std::string& text) {
  const auto parsed = config::parse_real(vary.dimension, text);
  if (!parsed) {
    throw problem(fmt::format("{}: {}; {}", vary.key, parsed.error().what, parsed.error().remedy));
  }
  return *parsed;
}

void read_range(Vary& vary, const std::string& low, const std::string& rest) {
  vary.is_range = true;
  vary.low = number(vary, low);
  // "HI/STEP"; "2 USD/h" has a slash of its own.
  for (std::size_t slash = rest.find('/'); slash != std::string::npos && !vary.step;
       slash = rest.find('/', slash + 1)) {
    const auto high = config::parse_real(vary.dimension, rest.substr(0, slash));
    const auto step = config::parse_real(vary.dimension, rest.substr(slash + 1));
    if (high && step) {
      vary.high = *high;
      vary.step = *step;
    }
  }
  if (!vary.step) {
    vary.high = number(vary, rest);
  }
  if (!(vary.high > vary.low) || (vary.step && !(*vary.step > 0.0))) {
    throw problem(fmt::format("{}: HI must be above LO, and STEP above 0", vary.key));
  }
  if (vary.step && (vary.high - vary.low) / *vary.step > kMostValues) {
    throw problem(fmt::format("{}: more than {} values", vary.key, kMostValues));
  }
  if (vary.whole && (std::floor(vary.low) != vary.low || std::floor(vary.high) != vary.high)) {
    throw problem(fmt::format("{} takes whole numbers", vary.key));
  }
  if (!vary.whole && vary.low <= 0.0) {
    throw problem(fmt::format("{}: LO must be above 0", vary.key));
  }
}

}  // namespace

std::string Vary::text(double value) const {
  return whole || !config::needs_unit(dimension) ? plain_number(value)
                                                 : config::print_real(dimension, value);
}

std::vector<std::string> Vary::grid() const {
  if (!is_range) {
    return values;
  }
  std::vector<std::string> texts;
  const bool every = step || (whole && high - low < kMostWhole);
  const double by = step ? *step : every ? 1.0 : (high - low) / (kEvenly - 1);
  for (int i = 0; low + i * by <= high * (1.0 + 1e-12); ++i) {
    const double value = low + i * by;
    texts.push_back(text(whole ? std::round(value) : value));
  }
  return texts;
}

Vary parse_vary(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
    throw problem(fmt::format("'{}' is not KEY=VALUES", text));
  }
  Vary vary;
  vary.key = text.substr(0, equals);
  config::require_key(vary.key, "--vary");
  const config::Key* key = config::find_key(vary.key);
  if (key != nullptr) {
    vary.dimension = key->dimension;
    vary.whole = key->json == config::JsonType::Integer;
  }
  const std::string values = text.substr(equals + 1);
  const std::size_t dots = values.find("..");
  if (dots != std::string::npos) {
    if (key == nullptr || key->json == config::JsonType::Boolean || !key->choices.empty()) {
      throw problem(fmt::format("{} has no range", vary.key));
    }
    read_range(vary, values.substr(0, dots), values.substr(dots + 2));
    return vary;
  }
  for (std::size_t at = 0; at <= values.size();) {
    const std::size_t comma = std::min(values.find(',', at), values.size());
    vary.values.push_back(values.substr(at, comma - at));
    at = comma + 1;
  }
  return vary;
}

}  // namespace epfleet::experiment
