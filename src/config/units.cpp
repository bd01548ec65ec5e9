#include "units.h"

#include <fmt/format.h>

#include <cmath>

namespace epfleet::config {
namespace {

// A unit alone and behind its prefixes; binary ones (KiB) are read, but never printed.
std::vector<Unit> prefixed(const std::string& base, std::string_view prefixes,
                           bool binary = false) {
  constexpr std::string_view kThousands = "kMGTP";
  std::vector<Unit> units{{base}};
  std::vector<Unit> binaries;
  double decimal = 1;
  for (std::size_t i = 0; i < kThousands.size(); ++i) {
    decimal *= 1000;
    const char prefix = kThousands[i];
    if (prefixes.find(prefix) != std::string_view::npos) {
      units.push_back({prefix + base, decimal});
      binaries.push_back({(prefix == 'k' ? 'K' : prefix) + ("i" + base),
                          std::ldexp(1.0, 10 * static_cast<int>(i + 1)), 1, false});
    }
  }
  units.insert(units.end(), binaries.begin(), binary ? binaries.end() : binaries.begin());
  return units;
}

}  // namespace

const Shape& shape_of(Dimension dimension) {
  static const Shape kShapes[] = {
      {"number", {}, false, ""},
      {"share", {{"%", 1, 100, false}}, false, "56.3 %"},
      {"number of tokens",
       {{"thousand", 1e3, 1, false},
        {"million", 1e6, 1, false},
        {"billion", 1e9, 1, false},
        {"tokens", 1, 1, false}},
       false,
       "608 billion",
       1},
      {"duration",
       {{"ns", 1, 1e9},
        {"us", 1, 1e6},
        {"ms", 1, 1e3},
        {"s"},
        {"min", 60},
        {"h", 3600},
        {"d", 86400, 1, false}},
       true,
       "5 ms",
       1e9},
      {"number of bytes", prefixed("B", "kMGTP", true), true, "20 PB", 1},
      {"bandwidth", prefixed("B/s", "kMGT", true), true, "50 GB/s"},
      {"computing rate", prefixed("FLOPS", "GTP"), true, "580 TFLOPS"},
      {"frequency", prefixed("Hz", "MG"), true, "1.6 GHz"},
      {"price of GPU time", {{"USD/h"}}, true, "2 USD/h"},
      {"price of a million tokens", {{"USD/M"}}, true, "0.55 USD/M"},
      {"power", prefixed("W", "kM"), true, "10.2 kW"},
      {"price of energy", {{"USD/kWh"}}, true, "0.08 USD/kWh"},
      {"rate",
       {{"/d", 1, 86400}, {"/h", 1, 3600}, {"/min", 1, 60}, {"/s"}, {"requests/s", 1, 1, false}},
       true,
       "400/s"},
  };
  return kShapes[static_cast<std::size_t>(dimension)];
}

std::string unit_names(Dimension dimension) {
  std::string names;
  for (const Unit& unit : shape_of(dimension).units) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", unit.name);
  }
  return names;
}

std::string describe(Dimension dimension) {
  const std::string units = unit_names(dimension);
  const std::string_view name = shape_of(dimension).name;
  return units.empty() ? std::string(name) : fmt::format("{} ({})", name, units);
}

bool needs_unit(Dimension dimension) { return shape_of(dimension).unit_needed; }

}  // namespace epfleet::config
