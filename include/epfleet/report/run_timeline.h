// timeline.json of a result folder: the steps of every unit between two moments of the counted
// window, and the fleet's queues beside them, written while the run goes on.
//
// Left out: what happens inside a step (`epfleet timing --timeline` draws one), transfers, single
//   requests (requests.csv.zst).
#pragma once

#include <filesystem>
#include <set>
#include <utility>

#include "epfleet/observe/facts.h"
#include "epfleet/observe/report_config.h"
#include "epfleet/report/chrome_trace.h"
#include "epfleet/text/output_file.h"

namespace epfleet::report {

class RunTimeline : public observe::Observer {
 public:
  // Throws MachineError when the file cannot be created. REQUIRES: window.wanted().
  RunTimeline(const std::filesystem::path& path, const observe::TimelineWindow& window);

  // Steps that touch the window, whole. Throw MachineError when the disk is full.
  void on_prefill_step(const observe::PrefillStepDone& step) override;
  void on_decode_step(const observe::DecodeStepDone& step) override;
  void on_sample(const observe::FleetSample& sample) override;
  void on_decision(const observe::Decision& decision) override;

  // Writes what is left and closes the file. Throws MachineError. Without it the file is cut short.
  void finish();

 private:
  [[nodiscard]] bool shown(base::TimePoint start, base::TimePoint end) const;
  void name_unit(std::int64_t process, base::UnitId unit);

  base::TimePoint from_, to_;
  text::OutputFile file_;
  ChromeTrace trace_;
  std::set<std::pair<std::int64_t, std::uint32_t>> named_;  // process and unit
};

}  // namespace epfleet::report
