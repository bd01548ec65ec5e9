// Turns the facts that the service announces into the numbers of a run, in memory that does not
// grow with the requests (with simulated time only: one slot an interval). The counted window is
// [0, duration), and facts of the cool-down follow; a run that ends sooner marks its last sample as
// window_end. Sums of durations are
// exact integers and sums of doubles follow the order of the facts, so the result depends neither
// on how facts are cut into spans nor on the thread that delivers them. REQUIRES: samples at every
// multiple of `interval` in the window and at its end.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "epfleet/base/time.h"
#include "epfleet/metrics/config.h"
#include "epfleet/metrics/run_statistics.h"
#include "epfleet/observe/facts.h"

namespace epfleet::metrics {

struct RecorderConfig {
  base::Duration duration{};                           // of the counted window
  base::Duration interval = std::chrono::seconds(60);  // of RunStatistics::intervals
  SloConfig slo;
  std::vector<ClassObjectives> classes{};  // of one's own, in the order of their numbers
  std::int64_t gpus_per_node = 8;
  std::int64_t decode_gpus_per_unit = 144;
  std::optional<std::int64_t> pool_nodes;  // none: as many as the largest allotment
};

class Recorder : public observe::Observer {
 public:
  explicit Recorder(const RecorderConfig& config);
  ~Recorder() override;

  void on_requests_done(std::span<const observe::RequestDone> requests) override;
  void on_prefill_step(const observe::PrefillStepDone& step) override;
  void on_decode_step(const observe::DecodeStepDone& step) override;
  void on_first_chunks(std::span<const base::Duration> gaps) override;
  void on_sample(const observe::FleetSample& sample) override;
  void on_decision(const observe::Decision& decision) override;

  // Call once, after the last fact.
  [[nodiscard]] RunStatistics statistics();

 private:
  struct Meters;

  std::unique_ptr<Meters> meters_;
};

}  // namespace epfleet::metrics
