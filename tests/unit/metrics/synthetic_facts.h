// Facts for the tests of metrics: small, with every time stated.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>

#include "epfleet/metrics/recorder.h"
#include "epfleet/observe/facts.h"

namespace epfleet::metrics::testing {

using base::Duration;
using base::TimePoint;
using observe::DecodeStepDone;
using observe::Ending;
using observe::FleetSample;
using observe::PrefillStepDone;
using observe::RequestDone;

inline TimePoint at(Duration since) { return base::kWindowStart + since; }

struct Times {
  Duration arrival{};
  Duration queue = std::chrono::milliseconds(500);
  Duration prefill = std::chrono::milliseconds(500);
  Duration transfer = std::chrono::milliseconds(20);
  Duration wait = std::chrono::milliseconds(30);
  Duration decode = std::chrono::seconds(5);  // from the first token to the last
};

inline RequestDone completed(const Times& times, std::int32_t prompt, std::int32_t output,
                             std::int32_t cached = 0) {
  RequestDone request;
  request.prompt_tokens = prompt;
  request.cached_tokens = cached;
  request.output_tokens = output;
  request.prefill_started = request.has_first_token = true;
  request.entered_decode = output > 1;
  request.arrival = at(times.arrival);
  request.prefill_start = request.arrival + times.queue;
  request.first_token = request.prefill_start + times.prefill;
  request.kv_arrived = request.first_token + times.transfer;
  request.decode_start = request.kv_arrived + times.wait;
  request.done = output > 1 ? request.first_token + times.decode : request.first_token;
  return request;
}

inline RequestDone refused(Ending ending, Duration arrival) {
  RequestDone request;
  request.ending = ending;
  request.arrival = request.done = at(arrival);
  request.prompt_tokens = 100;
  request.output_tokens = 10;
  return request;
}

inline DecodeStepDone decode_step(Duration start, Duration end, std::int64_t requests,
                                  std::int64_t joined = 0, double kv_ratio_max = 0.5) {
  DecodeStepDone step;
  step.start = at(start);
  step.end = at(end);
  step.requests = requests;
  step.joined = joined;
  step.kv_ratio_max = kv_ratio_max;
  return step;
}

inline PrefillStepDone prefill_step(Duration start, Duration end, double efficiency,
                                    bool out_of_range = false) {
  PrefillStepDone step;
  step.start = at(start);
  step.end = at(end);
  step.efficiency = efficiency;
  step.out_of_range = out_of_range;
  return step;
}

inline void announce(observe::Observer& observer, const RequestDone& request) {
  observer.on_requests_done(std::span(&request, 1));
}

inline FleetSample sample(Duration time, bool start = false, bool end = false) {
  FleetSample result;
  result.time = at(time);
  result.window_start = start;
  result.window_end = end;
  return result;
}

}  // namespace epfleet::metrics::testing
