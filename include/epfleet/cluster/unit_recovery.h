// What happens when something fails, and how the service gets over it.
//
//   a node or GPU is lost -> the unit's step never ends, it stands still, nobody knows
//   -> detected: unit_restart: all its requests are lost or retried; it waits for the hardware (a
//      spare, a repair, a reset), loads (scaling.start_up), serves
//      mask (decode): requests of the lost GPUs are lost or retried, the others go on, with the
//      experts of the lost GPUs among them; mask_and_rejoin: the hardware, once there, loads beside
//      the serving ones and rejoins
//
// Modelled: the unit is Down from the failure until it serves again; a further failure meanwhile
//   lengthens that; a slow NIC or GPU slows its whole unit while it lasts; without its store the
//   service finds and keeps nothing. A unit that drains or loads is restarted. mask needs room for
//   every expert among the slots of the GPUs that are left, else the unit is restarted; experts
//   without a copy are read from the hosts' memory over the NICs of those that are left.
//   A lost node that is known, and that its unit waits for, is replaced by a spare one if there is
//   any and if that comes sooner; the swap counts from the failure, as the repair does. What is
//   lost already does not fail again before it is replaced.
// Left out: prefill has no mask (DeepEP's normal kernels have none); transfers of KV under way from
//   a lost GPU end as planned; a released unit's broken node stays with who has it then.
// Source: DeepEP's time-out and mask, SGLang's elastic EP (docs/findings.md).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "epfleet/cluster/degraded_pricers.h"
#include "epfleet/cluster/failure_plan.h"
#include "epfleet/cluster/fleet_state.h"
#include "epfleet/cluster/request_flow.h"
#include "epfleet/cluster/unit_lifecycle.h"

namespace epfleet::cluster {

class UnitRecovery {
 public:
  // All must outlive this.
  UnitRecovery(FleetState& fleet, RequestFlow& requests, DecodeRouter& decode, UnitLifecycle& units,
               std::span<observe::Observer* const> observers = {});

  void start();                              // schedules the first failure
  void strike(std::uint32_t failure);        // of the plan; schedules the next
  void go_on(std::uint32_t patient);         // a failed unit's next stage has come
  void end_slowness(std::uint32_t failure);  // of the plan
  void take_back_spare() { ++spares_; }
  // `next_stages`: by patient, how many events of its next stage are to come.
  void check_sums(base::SumCheck& check, std::span<const std::int64_t> next_stages) const;

 private:
  enum class Stage : std::uint8_t {
    Whole,
    Undetected,  // Down, open to requests if it was
    Restarting,  // Down, until its hardware is there and it has loaded
    Masked,      // serves with what is left
  };
  // A unit's failures.
  struct Patient {
    Stage stage = Stage::Whole;
    bool was_serving = false;
    bool node_lost = false;                 // so that what its hosts held is lost
    std::vector<std::uint32_t> lost;        // GPUs, ascending
    std::vector<std::uint32_t> slow;        // of the plan, under way
    std::vector<std::uint32_t> unreplaced;  // of the plan: lost, and nothing comes for it so far
    base::TimePoint hardware_at = base::TimePoint::min();  // all that comes is there
    base::TimePoint next_at = base::TimePoint::max();      // of `next`; max: nothing is to come
    engine::EventId next{};
    std::uint32_t releases = 0;  // as the unit's when this was last looked at
  };

  template <class Visit>
  auto with_pool(std::uint32_t patient, const Visit& visit);
  [[nodiscard]] std::uint32_t patient_of(const UnitName& unit) const;
  Patient& looked_at(std::uint32_t patient);

  void schedule_failure(std::uint32_t failure);
  void schedule(Patient& patient, std::uint32_t index, base::TimePoint at);
  struct Gpus {
    std::uint32_t first, end;
  };
  [[nodiscard]] Gpus hit_by(const Failure& failure);
  [[nodiscard]] std::string_view why_it_misses(const Failure& failure);
  [[nodiscard]] static bool holds_all(const std::vector<std::uint32_t>& gpus, Gpus some);
  void lose(std::uint32_t patient, std::uint32_t failure);
  void slow_down(std::uint32_t patient, std::uint32_t failure);
  [[nodiscard]] base::TimePoint hardware_back(const Failure& failure);
  void detect(std::uint32_t patient);
  void restart(std::uint32_t patient);
  void mask(std::uint32_t patient);
  void recover(std::uint32_t patient);
  void reprice(std::uint32_t patient);
  void empty(PrefillPool& pool, std::uint32_t unit);
  void empty(DecodePool& pool, std::uint32_t unit);
  void lose_decoding(std::vector<serving::DecodeUnit::Leaving>& leaving, std::uint32_t unit);
  void schedule_restart(std::uint32_t patient);
  void announce(std::string saw, std::string decided, std::string why) const;
  [[nodiscard]] std::string name_of(std::uint32_t patient) const;
  [[nodiscard]] std::string name_of(const Failure& failure) const;
  [[nodiscard]] base::Duration loading_time(std::uint32_t patient) const;
  [[nodiscard]] bool can_mask(std::uint32_t patient, const Patient& state) const;
  [[nodiscard]] base::Duration time_to_detect(std::uint32_t patient, const Patient& state) const;

  FleetState& fleet_;
  RequestFlow& requests_;
  DecodeRouter& decode_router_;
  UnitLifecycle& units_;
  std::span<observe::Observer* const> observers_;
  DegradedPricers pricers_;
  std::vector<Failure> plan_;
  std::vector<Patient> patients_;  // prefill units, then decode units
  std::int64_t spares_;
};

// Calls visit(pool, unit).
template <class Visit>
auto UnitRecovery::with_pool(std::uint32_t patient, const Visit& visit) {
  const std::uint32_t prefill = fleet_.prefill.size();
  return patient < prefill ? visit(fleet_.prefill, patient)
                           : visit(fleet_.decode, patient - prefill);
}

}  // namespace epfleet::cluster
