// Lengths of a trace's requests within the limits of the service: an answer that does not fit is
// cut, a prompt is left for the service to reject, one of no tokens is played with one. All is
// counted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "epfleet/traces/trace_record.h"
#include "epfleet/workload/config.h"
#include "epfleet/workload/request.h"

namespace epfleet::traces {

class LengthLimits {
 public:
  explicit LengthLimits(const workload::WorkloadConfig& config)
      : context_(config.context_limit),
        output_v3_(config.output_limit_v3),
        output_r1_(config.output_limit_r1) {}

  // REQUIRES: the request has its variant.
  void set(const TraceRecord& record, workload::Request& request);

  // What did not fit, so far.
  void add_notes(std::vector<std::string>& notes) const;

 private:
  std::int64_t context_, output_v3_, output_r1_;
  std::int64_t long_prompts_ = 0, cut_answers_ = 0, cut_tokens_ = 0;
  std::int64_t empty_prompts_ = 0, empty_answers_ = 0;
};

}  // namespace epfleet::traces
