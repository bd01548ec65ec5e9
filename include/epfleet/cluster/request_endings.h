// How requests end, by observe::kEndings: what is counted and announced then, what the store keeps,
// that the run ends with the last request of the window, and who comes again.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "epfleet/cluster/decode_router.h"
#include "epfleet/cluster/fleet_state.h"
#include "epfleet/cluster/prompt_store.h"
#include "epfleet/cluster/retries.h"
#include "epfleet/workload/arrival_feed.h"

namespace epfleet::cluster {

using observe::Ending;

class RequestEndings {
 public:
  // All must outlive this. It counts in fleet.totals and the early tokens.
  RequestEndings(FleetState& fleet, DecodeRouter& decode, workload::ArrivalFeed& arrivals,
                 PromptStore& stored, std::span<observe::Observer* const> observers);

  // A request has arrived: it will end.
  void expect(bool in_window) { window_in_service_ += in_window ? 1 : 0; }
  // It leaves the service. REQUIRES: no unit has it any more.
  void end(serving::RequestSlot slot, Ending ending);
  // A client that comes again now, if there is one; REQUIRES: called until there is none.
  [[nodiscard]] std::optional<Retries::Attempt> next_attempt() { return retries_.take(); }
  void announce();        // those that have ended since, to the observers
  void finish_if_done();  // the window is over and its arrivals are done: the run ends
  void end_run();         // announces who is still in flight

  // How many requests ended in this way, since the start of the run.
  [[nodiscard]] std::int64_t ended(Ending ending) const {
    return ended_[static_cast<std::size_t>(ending)];
  }
  // Clients that have gone and will come again.
  [[nodiscard]] std::int64_t attempts_to_come() const { return retries_.to_come(); }
  void check_sums(base::SumCheck& check) const;

 private:
  void keep_answer(serving::RequestSlot slot);
  void write_prompt(serving::RequestSlot slot, std::int64_t tokens);
  void count(observe::Outcome outcome);
  void record(serving::RequestSlot slot, Ending ending, bool comes_again);

  FleetState& fleet_;
  DecodeRouter& decode_router_;
  workload::ArrivalFeed& arrivals_;
  PromptStore& stored_;
  std::span<observe::Observer* const> observers_;
  Retries retries_;
  std::array<std::int64_t, observe::kEndings.size()> ended_{};
  std::int64_t window_in_service_ = 0;      // requests that arrived in the window
  std::vector<observe::RequestDone> done_;  // to be announced
};

}  // namespace epfleet::cluster
