#include "epfleet/sessions/session_source.h"

#include <utility>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/base/huge_pages.h"
#include "epfleet/sessions/session_law.h"
#include "epfleet/sessions/start_feed.h"
#include "epfleet/sessions/wake_calendar.h"
#include "epfleet/sessions/warm_start.h"
#include "epfleet/workload/session_slots.h"

namespace epfleet::sessions {
namespace {

class SessionSource final : public workload::Source {
 public:
  explicit SessionSource(const SessionSourceSpec& spec)
      : plan_(plan_sessions(spec)), law_(plan_.mix.config, spec.seed), starts_(spec, plan_, law_) {
    const base::TimePoint start = base::kWindowStart - spec.config.warm_up.value();
    put_to_sleep(draw_sleepers(spec, plan_, law_, start));
    totals_ = expected_warm_totals(spec, plan_, start);
  }

  std::optional<base::TimePoint> next_arrival() override {
    const SessionStart* next_start = starts_.front();
    if (calendar_.empty()) {
      return next_start != nullptr ? std::optional(next_start->time) : std::nullopt;
    }
    const base::TimePoint wake = calendar_.next_time();
    return next_start != nullptr && next_start->time < wake ? next_start->time : wake;
  }

  // Of a start and a wake-up at the same nanosecond the older session comes first.
  workload::Request take() override {
    const SessionStart* next_start = starts_.front();
    if (!calendar_.empty() &&
        (next_start == nullptr || calendar_.next_time() <= next_start->time)) {
      return wake();
    }
    EPFLEET_CHECK(next_start != nullptr, "a source with requests left");
    return begin(*next_start);
  }

  void complete(const workload::Request& request, base::TimePoint done) override {
    const std::uint32_t slot = request.prefix.session_slot;
    EPFLEET_CHECK(done >= request.arrival, "a request completes at or after its arrival");
    slots_.leave_service(slot);
    if (request.prefix.returns) {
      const double think_s = law_.think_seconds(request.session, request.turn);
      calendar_.push(done + base::duration_from_seconds(think_s), slot);
    } else {
      slots_.give_back(slot);
    }
  }

  base::Duration shortest_return() const override { return law_.shortest_think(); }
  bool sessions_overlap() const override { return false; }

  std::span<const workload::WarmExtent> warm_extents() const override { return extents_; }
  void forget_warm_extents() override { extents_ = base::HugeVector<workload::WarmExtent>(); }
  std::span<const workload::WarmTotal> warm_totals() const override { return totals_; }
  std::span<const workload::SolvedTotal> solved_totals() const override { return plan_.mix.totals; }
  std::size_t shared_prefixes() const override { return law_.shared_prefixes(); }
  std::vector<std::string> notes() const override { return plan_.mix.notes; }
  void check_sums(base::SumCheck& check, std::int64_t in_service) const override {
    calendar_.check_sums(check);
    slots_.check_sums(check, in_service, calendar_.size());
  }

 private:
  // Wake-ups ahead whose sessions are fetched from memory: the sleepers are far too many for the
  // processor's caches, and a miss costs as much as all the rest of a wake-up.
  static constexpr std::size_t kAhead = 6;

  void put_to_sleep(const base::HugeVector<Sleeper>& sleepers) {
    sessions_.reserve(sleepers.size());
    extents_.reserve(sleepers.size());
    for (const Sleeper& sleeper : sleepers) {
      const std::uint32_t slot = new_slot();
      sessions_[slot] = sleeper.turn;
      extents_.push_back({slot, sleeper.turn.reusable, sleeper.last_use});
      calendar_.push(sleeper.wake, slot);
    }
  }

  std::uint32_t new_slot() {
    const std::uint32_t slot = slots_.take();
    if (slot == sessions_.size()) {
      sessions_.emplace_back();
    }
    return slot;
  }

  workload::Request begin(const SessionStart& next_start) {
    const workload::Request request =
        announce(next_start.time, next_start.turn, next_start.following, new_slot());
    starts_.pop();
    return request;
  }

  workload::Request wake() {
    const WakeCalendar::Entry entry = calendar_.pop();
    if (const WakeCalendar::Entry* soon = calendar_.upcoming(kAhead)) {
      __builtin_prefetch(&sessions_[soon->slot]);
    }
    const SessionTurn turn = sessions_[entry.slot];
    return announce(entry.time, turn, law_.following(turn), entry.slot);
  }

  // The slot keeps the session's next turn, if there is one.
  workload::Request announce(base::TimePoint arrival, const SessionTurn& turn,
                             TurnLengths following, std::uint32_t slot) {
    workload::Request request;
    request.id = base::RequestId(next_id_++);
    request.session = turn.session;
    request.arrival = arrival;
    request.prefix.session_slot = slot;
    slots_.enter_service(slot);
    request.prefix.shared_id = turn.shared_id;
    request.prefix.shared_tokens = turn.shared_tokens;
    request.prefix.session_tokens = turn.reusable;
    request.prefix.first_turn = turn.turn == 0;
    request.prefix.returns = following.output > 0;
    request.prompt_tokens = turn.prompt;
    request.output_tokens = turn.output;
    request.reasoning_tokens = law_.reasoning_tokens(turn);
    request.turn = turn.turn;
    request.variant = turn.variant;
    request.channel = turn.channel;
    if (request.prefix.returns) {
      sessions_[slot] = SessionLaw::advance(turn, following);
    }
    return request;
  }

  SessionPlan plan_;
  SessionLaw law_;
  WakeCalendar calendar_;
  base::HugeVector<SessionTurn> sessions_;  // [slot]: the turn to come
  workload::SessionSlots slots_;
  base::HugeVector<workload::WarmExtent> extents_;  // until they were read
  std::vector<workload::WarmTotal> totals_;
  std::uint64_t next_id_ = 0;
  StartFeed starts_;  // after plan_ and law_, which it uses
};

}  // namespace

std::unique_ptr<workload::Source> make_session_source(const SessionSourceSpec& spec) {
  return std::make_unique<SessionSource>(spec);
}

}  // namespace epfleet::sessions
