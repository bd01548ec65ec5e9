#include "epfleet/metrics/recorder.h"

#include "fleet_meter.h"
#include "request_meter.h"
#include "timeline.h"

namespace epfleet::metrics {
namespace {

// Tokens in the busiest whole second. REQUIRES: times that do not go back.
class BusiestSecond {
 public:
  void add(base::TimePoint time, base::TokenParts tokens) {
    const auto second = std::chrono::floor<std::chrono::seconds>(time);
    if (second != second_) {
      most_ = most();
      second_ = second;
      tokens_ = {};
    }
    tokens_ += tokens;
  }
  [[nodiscard]] base::TokenParts most() const { return std::max(most_, tokens_); }

 private:
  std::chrono::time_point<base::TimePoint::clock, std::chrono::seconds> second_;
  base::TokenParts tokens_, most_;
};

}  // namespace

struct Recorder::Meters {
  explicit Meters(const RecorderConfig& given)
      : config(given),
        timeline(given.duration, given.interval),
        requests(given.duration, given.slo, given.classes),
        fleet(given) {}

  RecorderConfig config;
  Timeline timeline;
  RequestMeter requests;
  FleetMeter fleet;
  DurationStatistics gaps{Resolution::Fine};  // between chunks
  StepSums steps;  // all of the window, in their order: sums do not depend on the interval
  BusiestSecond output;
  std::vector<observe::Decision> decisions;
};

Recorder::Recorder(const RecorderConfig& config) : meters_(std::make_unique<Meters>(config)) {}
Recorder::~Recorder() = default;

void Recorder::on_requests_done(std::span<const observe::RequestDone> requests) {
  for (const observe::RequestDone& request : requests) {
    meters_->requests.add(request, meters_->timeline);
  }
}

void Recorder::on_prefill_step(const observe::PrefillStepDone& step) {
  if (meters_->timeline.contains(step.end)) {
    meters_->timeline.slot(step.end).steps.add(step);
    meters_->steps.add(step);
    meters_->output.add(step.end, base::TokenParts::from_tokens(step.first_tokens));
  }
}

// Every request of the step but those that joined got its last chunk one step ago.
void Recorder::on_decode_step(const observe::DecodeStepDone& step) {
  if (meters_->timeline.contains(step.end)) {
    meters_->timeline.slot(step.end).steps.add(step);
    meters_->steps.add(step);
    meters_->gaps.add(step.end - step.start + step.stood_still, step.requests - step.joined);
    meters_->output.add(step.end, step.emitted);
  }
}

// The gaps carry no time: the samples at the ends of the window say where they lie.
void Recorder::on_first_chunks(std::span<const base::Duration> gaps) {
  if (meters_->fleet.in_window()) {
    for (const base::Duration gap : gaps) {
      meters_->gaps.add(gap);
    }
  }
}

void Recorder::on_sample(const observe::FleetSample& sample) { meters_->fleet.add(sample); }

void Recorder::on_decision(const observe::Decision& decision) {
  meters_->decisions.push_back(decision);
}

RunStatistics Recorder::statistics() {
  RunStatistics run;
  meters_->fleet.describe(run, meters_->timeline);
  meters_->requests.describe(run);
  run.tokens.output_peak_tps = meters_->output.most().whole_tokens();
  run.latency.itl = meters_->gaps.distribution_with_percentiles();
  run.utilisation.steps = meters_->steps.means(meters_->config.decode_gpus_per_unit);
  const StepMeans& steps = run.utilisation.steps;
  run.priced_steps = steps.prefill_steps + steps.decode_steps;
  run.out_of_range_ratio =
      ratio(static_cast<double>(steps.out_of_range_steps), static_cast<double>(run.priced_steps));
  run.decisions = meters_->decisions;
  return run;
}

}  // namespace epfleet::metrics
