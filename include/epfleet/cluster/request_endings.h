// How requests end, by kEndings: what is counted and announced then, what the store keeps, and that
// the run ends with the last request of the window.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "epfleet/cache/prefix_cache.h"
#include "epfleet/cluster/decode_router.h"
#include "epfleet/cluster/fleet_state.h"
#include "epfleet/workload/arrival_feed.h"

namespace epfleet::cluster {

enum class Ending : std::uint8_t {
  LastToken,
  PromptBeyondHbm,     // the prompt fits no prefill GPU
  ContextBeyondHbm,    // prompt and answer fit no decode GPU
  ContextBeyondLimit,  // longer than workload.context_limit
  EndOfRun,
  UnitFailed,  // its unit failed, and it was not retried
};

struct EndingRow {
  observe::Outcome outcome;
  std::int64_t observe::FleetSample::* counter;  // nullptr: not counted
};
inline constexpr std::array<EndingRow, 6> kEndings = {{
    {observe::Outcome::Completed, &observe::FleetSample::completed},
    {observe::Outcome::Rejected, &observe::FleetSample::rejected},
    {observe::Outcome::Rejected, &observe::FleetSample::rejected},
    {observe::Outcome::Rejected, &observe::FleetSample::rejected},
    {observe::Outcome::InFlight, nullptr},
    {observe::Outcome::Failed, &observe::FleetSample::failed},
}};

class RequestEndings {
 public:
  // All must outlive this. It counts in fleet.totals and the early tokens.
  RequestEndings(FleetState& fleet, DecodeRouter& decode, workload::ArrivalFeed& arrivals,
                 cache::PrefixCache& cache, std::span<observe::Observer* const> observers);

  // The request has arrived: it will end.
  void expect(const workload::Request& request);
  // It leaves the service. REQUIRES: no unit has it any more.
  void end(serving::RequestSlot slot, Ending ending);
  void announce();        // those that have ended since, to the observers
  void finish_if_done();  // the window is over and its arrivals are done: the run ends
  void end_run();         // announces who is still in flight

  // How many requests ended in this way, since the start of the run.
  [[nodiscard]] std::int64_t ended(Ending ending) const {
    return ended_[static_cast<std::size_t>(ending)];
  }

 private:
  void keep_answer(const serving::LiveRequest& live);
  void record(serving::RequestSlot slot, Ending ending);

  FleetState& fleet_;
  DecodeRouter& decode_router_;
  workload::ArrivalFeed& arrivals_;
  cache::PrefixCache& cache_;
  std::span<observe::Observer* const> observers_;
  std::array<std::int64_t, kEndings.size()> ended_{};
  std::int64_t window_in_service_ = 0;      // requests that arrived in the window
  std::vector<observe::RequestDone> done_;  // to be announced
};

}  // namespace epfleet::cluster
