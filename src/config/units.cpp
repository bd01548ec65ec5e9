#include "units.h"

#include <fmt/format.h>

namespace epfleet::config {
namespace {

constexpr Unit kDuration[] = {
    {"ns", 1, 1e9, 1, true},
    {"us", 1, 1e6, 1'000, true},
    {"ms", 1, 1e3, 1'000'000, true},
    {"s", 1, 1, 1'000'000'000, true},
    {"min", 60, 1, 60'000'000'000, true},
    {"h", 3600, 1, 3'600'000'000'000, true},
    {"d", 86400, 1, 86'400'000'000'000, false},
};
constexpr Unit kBytes[] = {
    {"B", 1, 1, 1, true},
    {"kB", 1e3, 1, 1'000, true},
    {"MB", 1e6, 1, 1'000'000, true},
    {"GB", 1e9, 1, 1'000'000'000, true},
    {"TB", 1e12, 1, 1'000'000'000'000, true},
    {"PB", 1e15, 1, 1'000'000'000'000'000, true},
    {"KiB", 0x1p10, 1, std::int64_t{1} << 10, false},
    {"MiB", 0x1p20, 1, std::int64_t{1} << 20, false},
    {"GiB", 0x1p30, 1, std::int64_t{1} << 30, false},
    {"TiB", 0x1p40, 1, std::int64_t{1} << 40, false},
    {"PiB", 0x1p50, 1, std::int64_t{1} << 50, false},
};
constexpr Unit kBandwidth[] = {
    {"B/s", 1, 1, 0, true},         {"kB/s", 1e3, 1, 0, true},      {"MB/s", 1e6, 1, 0, true},
    {"GB/s", 1e9, 1, 0, true},      {"TB/s", 1e12, 1, 0, true},     {"KiB/s", 0x1p10, 1, 0, false},
    {"MiB/s", 0x1p20, 1, 0, false}, {"GiB/s", 0x1p30, 1, 0, false}, {"TiB/s", 0x1p40, 1, 0, false},
};
constexpr Unit kFlopRate[] = {
    {"FLOPS", 1, 1, 0, true},
    {"GFLOPS", 1e9, 1, 0, true},
    {"TFLOPS", 1e12, 1, 0, true},
    {"PFLOPS", 1e15, 1, 0, true},
};
constexpr Unit kFrequency[] = {
    {"Hz", 1, 1, 0, true}, {"MHz", 1e6, 1, 0, true}, {"GHz", 1e9, 1, 0, true}};
constexpr Unit kGpuPrice[] = {{"USD/h", 1, 1, 0, true}};
constexpr Unit kTokenPrice[] = {{"USD/M", 1, 1, 0, true}};
constexpr Unit kShare[] = {{"%", 1, 100, 0, false}};
constexpr Unit kTokens[] = {
    {"thousand", 1e3, 1, 1'000, false},
    {"million", 1e6, 1, 1'000'000, false},
    {"billion", 1e9, 1, 1'000'000'000, false},
    {"tokens", 1, 1, 1, false},
};

}  // namespace

const Shape& shape_of(Dimension dimension) {
  static const Shape kShapes[] = {
      {"number", {}, false, ""},
      {"share", kShare, false, "56.3 %"},
      {"number of tokens", kTokens, false, "608 billion"},
      {"duration", kDuration, true, "5 ms"},
      {"number of bytes", kBytes, true, "20 PB"},
      {"bandwidth", kBandwidth, true, "50 GB/s"},
      {"computing rate", kFlopRate, true, "580 TFLOPS"},
      {"frequency", kFrequency, true, "1.6 GHz"},
      {"price of GPU time", kGpuPrice, true, "2 USD/h"},
      {"price of a million tokens", kTokenPrice, true, "0.55 USD/M"},
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
