// `epfleet trace stat | convert | make`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace epfleet::cli {

struct TraceStatRequest {
  std::string trace;
  bool json = false;
  bool lenient = false;
  bool reuse = true;                       // false: no hit ratios
  std::int64_t reuse_blocks = 20'000'000;  // distinct ones after which hits are no longer counted
  std::int64_t block_tokens = 0;           // 0: as the format has it
  std::vector<std::string> capacities;     // tokens; empty: the usual ones
  std::vector<std::string> ttls;           // durations
};

// Prints to stdout. Throws InputError.
void trace_stat(const TraceStatRequest& request);

struct TraceConvertRequest {
  std::string in, out;
  bool lenient = false;
  std::int64_t block_tokens = 0;
};

// Throws InputError and MachineError.
void trace_convert(const TraceConvertRequest& request);

struct TraceMakeRequest {
  std::string scenario, out;
  std::vector<std::string> overrides;
  std::string seed, until;  // empty: the scenario's
};

void trace_make(const TraceMakeRequest& request);

}  // namespace epfleet::cli
