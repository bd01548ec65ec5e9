#include "length_limits.h"

#include <fmt/core.h>

#include <algorithm>

namespace epfleet::traces {

void LengthLimits::set(const TraceRecord& record, workload::Request& request) {
  const bool r1 = request.variant == workload::Variant::R1;
  const std::int64_t output_limit = r1 ? output_r1_ : output_v3_;
  const std::int64_t input = std::max<std::int64_t>(1, record.input);
  std::int64_t output = std::max<std::int64_t>(1, record.output);
  empty_prompts_ += record.input == 0 ? 1 : 0;
  empty_answers_ += record.output == 0 ? 1 : 0;
  const std::int64_t room = context_ - input;
  if (room <= 0) {  // will be rejected: its answer is not cut
    ++long_prompts_;
    output = std::min(output, output_limit);
  } else if (const std::int64_t most = std::min(output_limit, room); output > most) {
    ++cut_answers_;
    cut_tokens_ += output - most;
    output = most;
  }
  request.prompt_tokens = static_cast<std::int32_t>(input);
  request.output_tokens = static_cast<std::int32_t>(output);
  request.reasoning_tokens = static_cast<std::int32_t>(std::min(record.reasoning, output));
  if (record.cached) {
    request.stated_cached_tokens = static_cast<std::int32_t>(std::min(*record.cached, input - 1));
  }
}

void LengthLimits::add_notes(std::vector<std::string>& notes) const {
  const auto say = [&](std::int64_t count, const std::string& what) {
    if (count > 0) {
      notes.push_back(fmt::format("{} {}", count, what));
    }
  };
  say(long_prompts_,
      fmt::format("prompts of the trace fill the context limit of {} tokens or more and were "
                  "rejected (workload.context_limit)",
                  context_));
  say(cut_answers_,
      fmt::format("answers of the trace were cut to the context or output limit, by {} tokens in "
                  "all",
                  cut_tokens_));
  say(empty_prompts_, "prompts of the trace have no tokens and were played with one");
  say(empty_answers_, "answers of the trace have no tokens and were played with one");
}

}  // namespace epfleet::traces
