// How a request can end: one row each, from which come what is counted, what the results call it
// and what a user sees of it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "epfleet/base/names.h"

namespace epfleet::observe {

enum class Outcome : std::uint8_t { Completed, Rejected, Failed, InFlight };
inline constexpr base::Names<4> kOutcomeNames = {"completed", "rejected", "failed", "in_flight"};

[[nodiscard]] constexpr std::string_view name_of(Outcome outcome) {
  return base::name_in(kOutcomeNames, outcome);
}

enum class Ending : std::uint8_t {
  LastToken,
  PromptBeyondHbm,
  ContextBeyondHbm,
  ContextBeyondLimit,
  ConcurrencyLimit,
  QueueLimit,
  Shed,
  StartedTooLate,
  TookTooLong,
  GaveUp,
  EndOfRun,
  UnitFailed,
};

struct EndingRow {
  std::string_view name;
  Outcome outcome;
  bool may_come_again;  // it was not the request's own fault: a client may try once more
  std::string_view sentence;
};
inline constexpr std::array<EndingRow, 12> kEndings = {{
    // indexed by Ending
    {"last_token", Outcome::Completed, false, "Got their last token."},
    {"prompt_beyond_hbm", Outcome::Rejected, false, "Their prompt fits no prefill GPU."},
    {"context_beyond_hbm", Outcome::Rejected, false, "Prompt and answer fit no decode GPU."},
    {"context_beyond_limit", Outcome::Rejected, false, "Longer than workload.context_limit."},
    {"concurrency_limit", Outcome::Rejected, true,
     "admission.max_concurrency requests were in service."},
    {"queue_limit", Outcome::Rejected, true, "admission.max_queue requests waited for prefill."},
    {"shed", Outcome::Rejected, true, "The rest of a limit was kept for higher priorities."},
    {"started_too_late", Outcome::Failed, true,
     "Prefill had not begun by admission.start_deadline."},
    {"took_too_long", Outcome::Failed, true, "No last token by admission.total_deadline."},
    {"gave_up", Outcome::Failed, true, "The user waited no longer for the first token."},
    {"end_of_run", Outcome::InFlight, false, "Still in service when the run ended."},
    {"unit_failed", Outcome::Failed, true, "Their unit failed, with failures.in_flight: lost."},
}};

[[nodiscard]] constexpr const EndingRow& row_of(Ending ending) {
  return kEndings[static_cast<std::size_t>(ending)];
}

}  // namespace epfleet::observe
