// Keys of who is let in, how long a request may take, and who comes again.
#include "key_files.h"
#include "key_rows.h"

namespace epfleet::config {

void add_admission_rows(Rows& rows) {
  constexpr std::int64_t kMostRequests = 10'000'000;  // a fleet keeps no more in service
  const auto cap = [&](const std::string& name, auto member, std::string_view help,
                       std::string_view source) {
    rows.number(name, member, between(1, kMostRequests), {help, source, "500"}, "none");
  };
  cap(EPFLEET_KEY(admission.max_concurrency),
      "Most requests in service in the whole fleet; one that arrives beyond is rejected "
      "(concurrency_limit), as with HTTP status 429. none: no cap.",
      "free choice; DeepSeek's API since V4: 500 (pro) or 2,500 (flash), but per account");
  cap(EPFLEET_KEY(admission.max_queue),
      "Most requests that wait for their prefill to begin, in the whole fleet; one that arrives "
      "beyond is rejected (queue_limit). none: no limit.",
      "free choice; Ray Serve's max_queued_requests");
  rows.number(EPFLEET_KEY(admission.min_ceiling), Dimension::Share, between(0.0, 1.0),
              {"Share of both caps that the lowest priority may fill, others in equal steps above "
               "it; one that arrives beyond is rejected (shed). Matters where classes have several "
               "priorities (workload.classes.NAME.priority).",
               "llm-d-router, priority-holdback-policy, which has no default: a guess"})
      .guess("0.3", "0.9");
  const auto time = [&](const std::string& name, auto member, std::string_view help,
                        std::string_view source, std::string_view example) {
    rows.number(name, member, between(0.001, kYear), {help, source, example}, "none");
  };
  time(EPFLEET_KEY(admission.start_deadline),
       "A request whose prefill has not begun so long after its arrival fails (started_too_late). "
       "none: no deadline.",
       "free choice; DeepSeek's API notes: closed if inference has not started after 10 min",
       "10 min");
  time(
      EPFLEET_KEY(admission.total_deadline),
      "A request that has not ended so long after its arrival fails (took_too_long), at the end of "
      "the step that works on it. none: no deadline.",
      "free choice; DeepSeek's API notes: closed after 30 min", "30 min");
  time(EPFLEET_KEY(admission.patience),
       "Mean time that a user waits for the first token, exponential; then the request fails "
       "(gave_up). none: users wait for ever.",
       "not published; a guess: 30 s to 5 min", "1 min");
  rows.number(
      EPFLEET_KEY(admission.retries.limit), between(0, 10),
      {"How often a client comes again with a request that was rejected for load or failed; "
       "each attempt counts as a request that arrives.",
       "free choice; 2 in the SDKs of OpenAI and others"});
  rows.number(
          EPFLEET_KEY(admission.retries.back_off), between(0.001, 3600.0),
          {"Wait before the first repetition, doubled with each further one, less a random part "
           "of up to a quarter.",
           "openai-python: 0.5 s; people wait longer: a guess"})
      .guess("500 ms", "1 min");
}

}  // namespace epfleet::config
