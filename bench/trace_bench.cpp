// Reading request traces: bytes a second of plain files (300 MB/s of CSV and 200 MB/s of JSONL are
// asked for), of compressed ones, and what the hit curves cost a block.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "epfleet/base/random.h"
#include "epfleet/cache/reuse_profile.h"
#include "epfleet/traces/request_trace.h"
#include "epfleet/traces/trace_writer.h"

namespace {

using namespace epfleet;

constexpr std::int64_t kRequests = 200'000;

// Files of the size of a real trace, made once: chats of a few turns in blocks of 512 tokens.
class Traces {
 public:
  Traces() {
    std::filesystem::create_directory(folder_);
    for (const char* name : {"chats.jsonl", "chats.jsonl.zst", "plain.csv", "plain.csv.gz"}) {
      write(name);
    }
  }
  Traces(const Traces&) = delete;
  Traces& operator=(const Traces&) = delete;
  ~Traces() { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_ / name).string();
  }

 private:
  void write(const std::string& name) const {
    traces::TraceInfo info;
    info.block_tokens = traces::TraceWriter::is_json(name) ? 512 : 0;
    traces::TraceWriter writer(path(name), info);
    base::Stream draw(base::StreamFamily(1, "bench.trace"), 0);
    traces::TraceRecord record;
    std::uint64_t next_id = 0;
    for (std::int64_t i = 0; i < kRequests; ++i) {
      record.time += base::Duration(static_cast<std::int64_t>(draw.exponential() * 3e8));
      if (draw.bits() % 3 == 0) {
        record.blocks.resize(1);
      }
      for (std::uint64_t n = draw.bits() % 12 + 1; n > 0; --n) {
        record.blocks.push_back(++next_id);
      }
      record.input = static_cast<std::int64_t>(record.blocks.size()) * 512 - 100;
      record.output = static_cast<std::int64_t>(draw.bits() % 900);
      writer.write(record);
    }
    writer.finish();
  }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("epfleet_bench_" + std::to_string(::getpid()));
};

void read(benchmark::State& state, const std::string& name) {
  static const Traces traces;
  std::int64_t bytes = 0;
  for (auto _ : state) {
    traces::RequestTrace trace(traces.path(name));
    traces::TraceRecord record;
    std::int64_t tokens = 0;
    while (trace.next(record)) {
      tokens += record.input;
    }
    benchmark::DoNotOptimize(tokens);
    bytes += trace.bytes();
  }
  state.SetBytesProcessed(bytes);  // uncompressed
  state.SetItemsProcessed(state.iterations() * kRequests);
}
BENCHMARK_CAPTURE(read, csv, "plain.csv")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read, csv_gz, "plain.csv.gz")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read, jsonl, "chats.jsonl")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read, jsonl_zst, "chats.jsonl.zst")->Unit(benchmark::kMillisecond);

// All capacities and TTLs of a trace in one pass; an item is a block.
void reuse_profile(benchmark::State& state) {
  std::int64_t blocks = 0;
  for (auto _ : state) {
    cache::ReuseProfile profile(512, {1 << 20, 1 << 24}, {std::chrono::minutes(5)});
    base::Stream draw(base::StreamFamily(2, "bench.reuse"), 0);
    std::vector<workload::BlockId> prompt;
    for (int i = 0; i < 20'000; ++i) {
      prompt.resize(draw.bits() % 3 == 0 ? 0 : std::min<std::size_t>(prompt.size(), 40));
      for (int n = 0; n < 6; ++n) {
        prompt.push_back(draw.bits());
      }
      profile.add(std::chrono::seconds(i), static_cast<std::int64_t>(prompt.size()) * 512, prompt);
      blocks += static_cast<std::int64_t>(prompt.size());
    }
    benchmark::DoNotOptimize(profile.ideal_hit_ratio());
  }
  state.SetItemsProcessed(blocks);
}
BENCHMARK(reuse_profile)->Unit(benchmark::kMillisecond);

}  // namespace
