// The life of a request, from its arrival to its last token:
//
//   arrive -> admitted, or rejected by reason -> look up the cache -> choose a prefill unit
//   -> [unit: chunks, steps] -> first token -> write to the store -> choose a decode unit and GPU,
//   move the KV -> [unit: steps] -> last token -> write to the store -> done
//
// How it can end is a row of observe::kEndings. What happens inside a unit is serving's affair,
// which unit is the routers'. Announces steps to the observers.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "epfleet/cache/prefix_cache.h"
#include "epfleet/cluster/admission.h"
#include "epfleet/cluster/decode_router.h"
#include "epfleet/cluster/fleet_state.h"
#include "epfleet/cluster/prefill_router.h"
#include "epfleet/cluster/request_endings.h"
#include "epfleet/cluster/request_timers.h"
#include "epfleet/workload/arrival_feed.h"

namespace epfleet::cluster {

class RequestFlow {
 public:
  // All must outlive the flow. It counts in fleet.totals and the early tokens.
  RequestFlow(FleetState& fleet, PrefillRouter& prefill, DecodeRouter& decode,
              workload::ArrivalFeed& arrivals, cache::PrefixCache& cache, RequestEndings& endings,
              std::span<observe::Observer* const> observers);

  void start();  // warms the cache, schedules the first arrival
  void open_arrival_slice();
  void accept_arrivals();
  void accept_retries();                  // clients that come again now
  void end_overdue() { timers_.ring(); }  // requests whose time is up
  void start_decode_step(std::uint32_t unit);
  void end_prefill_step(std::uint32_t unit);
  void end_decode_step(std::uint32_t unit);
  // Requests that a failed unit had are lost or retried, by failures.in_flight. Their KV is gone.
  void lose_prompts(std::span<const serving::RequestSlot> slots);
  // They got their last tokens at `last_chunk`. REQUIRES: none with its KV elsewhere.
  void lose_decoding(std::span<const serving::DecodeUnit::Leaving> leaving,
                     base::TimePoint last_chunk);

 private:
  static constexpr std::size_t kAhead = 4;  // arrivals whose memory is fetched in advance

  void schedule_next_arrival();
  void accept_arrival();
  void accept(const Retries::Attempt& attempt);
  [[nodiscard]] std::optional<Ending> rejection(const workload::Request& request) const;
  void look_up(serving::RequestSlot slot);
  void look_up_again(serving::RequestSlot slot);
  [[nodiscard]] std::int32_t usable(const cache::Lookup& found,
                                    const serving::LiveRequest& live) const;
  void count_input(serving::RequestSlot slot);
  void fetch_prefixes(std::span<const serving::RequestSlot> slots) const;
  void emit_first_token(serving::RequestSlot slot);
  void send_to_decode(serving::RequestSlot slot);
  void keep_prompt(const serving::LiveRequest& live, std::int32_t stored);
  void retry(serving::RequestSlot slot);
  void resume_decode(serving::RequestSlot slot);
  [[nodiscard]] base::TokenParts32 draw_rate(const workload::Request& request) const;

  FleetState& fleet_;
  PrefillRouter& prefill_router_;
  DecodeRouter& decode_router_;
  workload::ArrivalFeed& arrivals_;
  cache::PrefixCache& cache_;
  RequestEndings& endings_;
  Admission admission_;
  RequestTimers timers_;
  std::span<observe::Observer* const> observers_;

  // What the store had of a prompt, by slot: counted once the prompt is finished.
  struct Found {
    cache::Lookup lookup;
    bool store_down = false;
  };
  base::HugeVector<Found> found_;
  // reused from event to event: no allocation in steady state
  std::vector<serving::RequestSlot> slots_, preempted_;
};

}  // namespace epfleet::cluster
