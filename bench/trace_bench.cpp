// Reading request traces: bytes a second of each format (300 MB/s of CSV and 200 MB/s of JSONL are
// asked for), of compressed files, requests a second of drawn ones, and what the hit curves cost a
// block.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>

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
    write_azure();
    write_lines("burstgpt.csv", "Timestamp,Model,Request tokens,Response tokens,Total tokens\n",
                [](std::int64_t i, std::int64_t input, std::int64_t output) {
                  return fmt::format("{},ChatGPT,{},{},{}\n", i / 4, input, output, input + output);
                });
    write_lines("vidur.csv", "arrived_at,num_prefill_tokens,num_decode_tokens\n",
                [](std::int64_t i, std::int64_t input, std::int64_t output) {
                  return fmt::format("{}.{:03},{},{}\n", i / 4, i % 4 * 250, input, output);
                });
    write_lines("bailian.jsonl", "", [](std::int64_t i, std::int64_t input, std::int64_t output) {
      return fmt::format(
          R"({{"chat_id": {}, "parent_chat_id": -1, "timestamp": {}.5, "input_length": {}, )"
          R"("output_length": {}, "type": "text", "turn": 1, "hash_ids": [{}, {}]}})"
          "\n",
          i, i / 4, 16 + input % 16 + 1, output, 2 * i, 2 * i + 1);
    });
    write_clients();
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

  // Calls line(i, input tokens, output tokens) for every request.
  void write_lines(
      const char* name, std::string_view header,
      const std::function<std::string(std::int64_t, std::int64_t, std::int64_t)>& line) const {
    std::ofstream file(path(name));
    file << header;
    base::Stream draw(base::StreamFamily(3, "bench.trace"), 0);
    for (std::int64_t i = 0; i < kRequests; ++i) {
      const auto input = static_cast<std::int64_t>(draw.bits() % 8'000 + 1);
      const auto output = static_cast<std::int64_t>(draw.bits() % 900 + 1);
      file << line(i, input, output);
    }
  }
  void write_azure() const {
    write_lines("azure.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\n",
                [](std::int64_t i, std::int64_t input, std::int64_t output) {
                  const std::int64_t second = i / 4;
                  return fmt::format("2024-05-{:02} {:02}:{:02}:{:02}.{:07}+00:00,{},{}\n",
                                     10 + second / 86'400, second / 3600 % 24, second / 60 % 60,
                                     second % 60, i % 4 * 2'500'000, input, output);
                });
  }
  void write_clients() const {  // two, of 100 requests a second each for 1,000 s
    std::filesystem::create_directory(folder_ / "clients");
    for (const char* client : {"clients/chunk-0", "clients/chunk-1"}) {
      std::ofstream(path(client) + std::string("-trace.csv"))
          << "0,100,1,Gamma,0.5,1\n1000,0,0,,0,0\n";
      std::ofstream(path(client) + std::string("-dataset.json"))
          << R"({"0": {"input_tokens": "{100: 0.5, 2000: 0.5}",)"
          << R"( "output_tokens": "{300: 0.5, 600: 0.5}", "reason_ratio": "{0.7: 1.0}"}})";
    }
  }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("epfleet_bench_" + std::to_string(::getpid()));
};

void read(benchmark::State& state, const std::string& name) {
  static const Traces traces;
  std::int64_t bytes = 0;
  std::int64_t requests = 0;
  for (auto _ : state) {
    traces::RequestTrace trace(traces.path(name));
    traces::TraceRecord record;
    std::int64_t tokens = 0;
    while (trace.next(record)) {
      tokens += record.input;
      ++requests;
    }
    benchmark::DoNotOptimize(tokens);
    bytes += trace.bytes();
  }
  if (bytes > 0) {
    state.SetBytesProcessed(bytes);  // uncompressed
  }
  state.SetItemsProcessed(requests);
}
BENCHMARK_CAPTURE(read, csv, "plain.csv")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read, csv_gz, "plain.csv.gz")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read, jsonl, "chats.jsonl")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read, jsonl_zst, "chats.jsonl.zst")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read, azure, "azure.csv")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read, burstgpt, "burstgpt.csv")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read, vidur, "vidur.csv")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read, bailian, "bailian.jsonl")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read, servegen, "clients")->Unit(benchmark::kMillisecond);

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
