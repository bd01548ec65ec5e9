// What a line of memory costs on this machine, when it is waited for and when many are asked for
// ahead, in 30 MB, and in as much memory as the published day and a fleet of 90 groups take (300 MB
// and 2.6 GB; in huge pages where the kernel has some). bench/README.md says what came out.
#include <benchmark/benchmark.h>

#include <cstdint>

#include "epfleet/base/huge_pages.h"

namespace {

struct alignas(64) Line {
  std::uint64_t next = 1;
};

// xorshift: a few instructions, so that memory is what is measured.
class Places {
 public:
  explicit Places(std::size_t count) : count_(count) {}
  std::size_t next(std::uint64_t add = 0) {
    state_ ^= state_ << 13U;
    state_ ^= state_ >> 7U;
    state_ ^= state_ << 17U;
    return (state_ + add) % count_;
  }

 private:
  std::size_t count_;
  std::uint64_t state_ = 88'172'645'463'325'252U;
};

using Memory = epfleet::base::HugeVector<Line>;

Memory megabytes(std::int64_t count) {
  return Memory(static_cast<std::size_t>(count) * 1'000'000 / sizeof(Line));
}

void bm_waited_for(benchmark::State& state) {
  const Memory memory = megabytes(state.range(0));
  Places places(memory.size());
  std::uint64_t read = 0;  // where the next one is depends on it
  for (auto _ : state) {
    read += memory[places.next(read)].next;
  }
  benchmark::DoNotOptimize(read);
}

void bm_prefetched(benchmark::State& state) {
  const Memory memory = megabytes(state.range(0));
  Places places(memory.size());
  for (auto _ : state) {
    __builtin_prefetch(&memory[places.next()]);
  }
}

BENCHMARK(bm_waited_for)->Arg(30)->Arg(300)->Arg(2'600);
BENCHMARK(bm_prefetched)->Arg(30)->Arg(300)->Arg(2'600);

}  // namespace
