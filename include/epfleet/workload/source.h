// The role of everything that produces requests. A source streams: memory follows what is in
// flight. Closed loop: the next turn of a session is timed from the simulated completion of the one
// before.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "epfleet/base/sum_check.h"
#include "epfleet/base/time.h"
#include "epfleet/workload/request.h"

namespace epfleet::workload {

// What the solver asked for and what it reached (expectations, before any service is simulated).
struct SolvedTotal {
  std::string name;  // "input_tokens"
  double asked = 0.0;
  double achieved = 0.0;
};

// The requests that the totals take: with the lengths as the classes state them, and as solved.
inline constexpr const char* kSolvedRequests = "requests";

// Tokens of earlier turns that are in the store when the run starts: sleeping sessions one by one
// (counted like PrefixIdentity::session_tokens, the shared prefix included), everything that will
// not return as totals per last use (without shared prefixes).
struct WarmExtent {
  std::uint32_t session_slot = 0;
  std::int32_t tokens = 0;
  base::TimePoint last_use;
};
struct WarmTotal {
  base::TimePoint last_use;
  std::int64_t tokens = 0;
};

// What became of the rows of a trace: read = played + before + after + skipped.
struct SkippedRows {
  std::string reason;
  std::int64_t rows = 0;
};
struct RowAccount {
  std::int64_t read = 0;
  std::int64_t played = 0;         // arrived in the counted window, at least once
  std::int64_t before_window = 0;  // before the cut, or in the warm-up only
  std::int64_t after_window = 0;
  std::vector<SkippedRows> skipped_by{};

  [[nodiscard]] std::int64_t skipped() const {
    std::int64_t sum = 0;
    for (const SkippedRows& one : skipped_by) {
      sum += one.rows;
    }
    return sum;
  }
};

// Says so if a trace ends well before the window does: rates and money are then of an idle service,
// too.
void note_early_end(base::TimePoint trace_end, base::TimePoint window_end,
                    std::vector<std::string>& notes);

class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  // Time of the next request; none when the source is exhausted (sleeping sessions count as not
  // exhausted).
  [[nodiscard]] virtual std::optional<base::TimePoint> next_arrival() = 0;

  // The request that next_arrival() announced. Arrivals never go back in time; ids count up from 0.
  [[nodiscard]] virtual Request take() = 0;

  // The request's last token left at `done` (>= its arrival): think time starts. Must be called
  // exactly once per taken request, also for rejected and failed ones.
  virtual void complete(const Request& request, base::TimePoint done) = 0;

  // A next turn that comes of a completion arrives no sooner than this after it; so completions may
  // be told late, as long as no later arrival than that was taken (see arrival_feed.h). A source
  // whose arrivals do not depend on completions has no bound.
  [[nodiscard]] virtual base::Duration shortest_return() const { return base::Duration::max(); }

  // Whether a request of a session can arrive while another one of it is in service.
  [[nodiscard]] virtual bool sessions_overlap() const { return true; }

  // The store's content at the start of the run. Called once, before the first take().
  [[nodiscard]] virtual std::span<const WarmExtent> warm_extents() const { return {}; }
  // They were read: their memory may go.
  virtual void forget_warm_extents() {}
  [[nodiscard]] virtual std::span<const WarmTotal> warm_totals() const { return {}; }

  [[nodiscard]] virtual std::span<const SolvedTotal> solved_totals() const { return {}; }
  [[nodiscard]] virtual std::size_t shared_prefixes() const { return 0; }  // ids are 0 .. this - 1

  // Of a trace, with the counted window [kWindowStart, end); none: nothing was read.
  [[nodiscard]] virtual std::optional<RowAccount> rows(base::TimePoint /*end*/) const {
    return std::nullopt;
  }

  // What of a trace did not fit or was played otherwise, so far: one sentence each.
  [[nodiscard]] virtual std::vector<std::string> notes() const { return {}; }

  // `in_service`: requests that were taken and not completed.
  virtual void check_sums(base::SumCheck& /*check*/, std::int64_t /*in_service*/) const {}
};

}  // namespace epfleet::workload
