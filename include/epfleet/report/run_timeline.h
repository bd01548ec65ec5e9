// timeline.json of a result folder: the steps of every unit between two moments of the counted
// window, the fleet's queues and nodes, every decision and failure, and a few of the requests that
// arrived, with arrows to the steps that began to compute and to decode them; written while the run
// goes on.
// Modelled: the requests are a uniform sample, the kRequests whose ids have the least hashes.
//
// Left out: what happens inside a step (`epfleet timing --timeline` draws one); all other requests
//   (requests.csv.zst).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "epfleet/observe/facts.h"
#include "epfleet/observe/report_config.h"
#include "epfleet/report/chrome_trace.h"
#include "epfleet/text/output_file.h"

namespace epfleet::report {

class RunTimeline : public observe::Observer {
 public:
  static constexpr std::size_t kRequests = 50;

  // Throws MachineError when the file cannot be created. REQUIRES: window.wanted().
  RunTimeline(const std::filesystem::path& path, const observe::TimelineWindow& window);

  // Steps that touch the window, whole. Throw MachineError when the disk is full.
  void on_prefill_step(const observe::PrefillStepDone& step) override;
  void on_decode_step(const observe::DecodeStepDone& step) override;
  void on_requests_done(std::span<const observe::RequestDone> requests) override;
  void on_sample(const observe::FleetSample& sample) override;
  void on_decision(const observe::Decision& decision) override;

  // Writes what is left and closes the file. Throws MachineError. Without it the file is cut short.
  void finish();

 private:
  [[nodiscard]] bool shown(base::TimePoint start, base::TimePoint end) const;
  void draw_request(const observe::RequestDone& request);
  void name_unit(std::int64_t process, base::UnitId unit);

  base::TimePoint from_, to_;
  text::OutputFile file_;
  ChromeTrace trace_;
  std::set<std::pair<std::int64_t, std::uint32_t>> named_;  // process and unit
  std::map<std::uint64_t, observe::RequestDone> sample_;    // by hash; at most kRequests
};

}  // namespace epfleet::report
