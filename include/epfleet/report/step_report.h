// One step of a unit, priced alone: what `epfleet timing decode` and `epfleet timing prefill` tell.
// Plain data, and its three forms: a page for a person, JSON for a script, a timeline for Perfetto;
// several of them as a grid.
//
// Left out: the load of a running fleet; all GPUs of the unit are alike.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "epfleet/report/terminal_summary.h"
#include "epfleet/timing/step_anatomy.h"

namespace epfleet::report {

// Bytes of one GPU.
struct MemoryBudget {
  std::int64_t memory = 0, weights = 0, buffer = 0, runtime = 0;
  std::int64_t kv_capacity_tokens = 0;
  std::int64_t kv_tokens = 0;  // of this batch
  [[nodiscard]] bool fits() const { return kv_tokens <= kv_capacity_tokens; }
};

struct StepReport {
  bool decode = true;
  std::string clock = "sustained";
  // the layout
  std::int64_t gpus = 0, redundant_experts = 0, experts_per_gpu = 0, gpus_per_node = 8;
  std::string expert_precision = "fp8";
  std::string overlap_rule = "dual_batch";  // as the scenario has it
  bool phase_barriers = true;
  std::int64_t draft_tokens = 0;
  double acceptance = 0.0;
  // what was asked: requests per GPU and tokens of each; or tokens per GPU and of a prompt
  std::int64_t per_gpu = 0, tokens = 0;
  // what came out
  timing::StepAnatomy anatomy;
  double tokens_per_s_per_gpu = 0.0;           // decode: emitted; prefill: computed
  std::optional<double> tokens_per_s_request;  // decode: what one request sees
  MemoryBudget hbm;
  std::vector<std::string> warnings;  // beside anatomy.outside_calibration

  [[nodiscard]] bool overlap() const { return anatomy.dual_batch; }  // what was taken
  [[nodiscard]] double tokens_per_s_per_node() const {
    return tokens_per_s_per_gpu * static_cast<double>(gpus_per_node);
  }
};

// One object; for several steps a list of them.
[[nodiscard]] std::string step_json(const StepReport& report);
[[nodiscard]] std::string steps_json(std::span<const StepReport> reports);

[[nodiscard]] std::string step_text(const StepReport& report, const TerminalStyle& style);

// Tables of time, throughput and (decode) speed: a row per value of per_gpu, a column per value of
// tokens. REQUIRES: reports row by row, all of one layout.
[[nodiscard]] std::string step_grid(std::span<const StepReport> reports,
                                    const TerminalStyle& style);

// Chrome trace events of the whole step: one GPU by streams, and again by micro-batches.
[[nodiscard]] std::string step_timeline(const StepReport& report);

}  // namespace epfleet::report
