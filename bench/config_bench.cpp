// Reading a scenario with what it extends, and checking it: what every case of a sweep begins with.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "epfleet/config/loader.h"

namespace {

using namespace epfleet;

void read_scenario(benchmark::State& state, const std::string& name) {
  const std::string path = EPFLEET_SOURCE_DIR "/configs/" + name;
  for (auto _ : state) {
    benchmark::DoNotOptimize(config::load_scenario(path));
  }
}
BENCHMARK_CAPTURE(read_scenario, day, "deepseek_day.yaml")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read_scenario, quick, "quick.yaml")->Unit(benchmark::kMillisecond);

}  // namespace
