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

#include "epfleet/cluster/admission.h"
#include "epfleet/cluster/decode_router.h"
#include "epfleet/cluster/fleet_state.h"
#include "epfleet/cluster/prefill_router.h"
#include "epfleet/cluster/prompt_store.h"
#include "epfleet/cluster/request_endings.h"
#include "epfleet/cluster/request_timers.h"
#include "epfleet/workload/arrival_feed.h"

namespace epfleet::cluster {

class RequestFlow {
 public:
  // All must outlive the flow. It counts in fleet.totals and the early tokens.
  RequestFlow(FleetState& fleet, PrefillRouter& prefill, DecodeRouter& decode,
              workload::ArrivalFeed& arrivals, PromptStore& stored, RequestEndings& endings,
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
  // Arrivals whose memory is fetched in advance.
  static constexpr std::size_t kAhead = 8;

  void schedule_next_arrival();
  void accept_arrival();
  void accept(const workload::Request& request, const cache::Extent& own, bool in_window,
              std::uint8_t attempt, bool window_client);
  [[nodiscard]] bool surely_accepted(const workload::Request& request) const;
  [[nodiscard]] std::optional<Ending> rejection(const workload::Request& request) const;
  void look_up(serving::RequestSlot slot);
  void look_up_again(serving::RequestSlot slot);
  [[nodiscard]] std::int32_t usable(const cache::Lookup& found,
                                    const serving::LiveRequest& live) const;
  void count_input(serving::RequestSlot slot);
  void emit_first_token(serving::RequestSlot slot);
  void send_to_decode(serving::RequestSlot slot);
  void keep_prompt(serving::RequestSlot slot, std::int32_t stored);
  void write_what_left(serving::RequestSlot slot, std::int64_t tokens);
  void retry(serving::RequestSlot slot);
  void resume_decode(serving::RequestSlot slot);
  [[nodiscard]] base::TokenParts32 draw_rate(const workload::Request& request) const;

  FleetState& fleet_;
  PrefillRouter& prefill_router_;
  DecodeRouter& decode_router_;
  workload::ArrivalFeed& arrivals_;
  PromptStore& stored_;
  RequestEndings& endings_;
  Admission admission_;
  RequestTimers timers_;
  std::span<observe::Observer* const> observers_;
  struct Most {  // tokens
    std::int64_t prompt_in_hbm, context_in_hbm, context;
  };
  const Most most_;
  std::optional<base::TokenParts32> usual_rate_;  // none: every request draws its own

  // reused from event to event: no allocation in steady state
  std::vector<serving::RequestSlot> slots_, preempted_;
};

}  // namespace epfleet::cluster
