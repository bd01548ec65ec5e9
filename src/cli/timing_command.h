// `epfleet timing decode` and `epfleet timing prefill`: load, price single steps, show.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "epfleet/timing/kernels.h"

namespace epfleet::cli {

struct StepRequest {
  bool decode = true;
  std::string scenario;
  std::vector<std::string> overrides;  // PATH=VALUE
  // Numbers of tokens or requests, several for a table: "32,64,128", "1k,4k"; empty: the default.
  std::vector<std::string> per_gpu;  // decode: requests; prefill: tokens
  std::vector<std::string> tokens;   // decode: context; prefill: prompt
  timing::Clock clock = timing::Clock::Sustained;
  bool json = false;
  std::string timeline;  // file; empty: none
};

// Throws InputError and MachineError.
void step_command(const StepRequest& request);

// "4096", "4k" (4 x 1,024). `option` is named where the text is refused: below 1, above 2^30, or no
// whole number.
[[nodiscard]] std::int64_t parse_count(const std::string& option, const std::string& text);

}  // namespace epfleet::cli
