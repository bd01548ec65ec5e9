#include "epfleet/report/run_timeline.h"

#include <fmt/format.h>

#include <iterator>

#include "epfleet/base/arithmetic.h"
#include "epfleet/base/error.h"
#include "epfleet/base/random.h"

namespace epfleet::report {
namespace {

constexpr std::int64_t kFleet = 1, kPrefill = 2, kDecode = 3, kSampled = 4;  // processes

using base::real;

}  // namespace

RunTimeline::RunTimeline(const std::filesystem::path& path, const observe::TimelineWindow& window)
    : from_(base::kWindowStart + window.from.value_or(base::Duration{})),
      to_(window.to ? base::kWindowStart + *window.to : base::TimePoint::max()),
      file_(path, text::Compression::None),
      trace_([this](std::string_view piece) { file_.add(piece); }) {
  EPFLEET_CHECK(window.wanted(), "a timeline has a window");
  trace_.name_process(kFleet, "fleet");
  trace_.name_process(kPrefill, "prefill units");
  trace_.name_process(kDecode, "decode units");
  trace_.name_process(kSampled, "some requests");
}

// A step that began in the warm-up is left out: a timeline begins at 0.
bool RunTimeline::shown(base::TimePoint start, base::TimePoint end) const {
  return start >= base::kWindowStart && end > from_ && start < to_;
}

void RunTimeline::name_unit(std::int64_t process, base::UnitId unit) {
  if (named_.insert({process, unit.value()}).second) {
    trace_.name_thread(
        process, unit.value(),
        fmt::format("{} unit {}", process == kPrefill ? "prefill" : "decode", unit.value()));
  }
}

void RunTimeline::on_prefill_step(const observe::PrefillStepDone& step) {
  if (!shown(step.start, step.end)) {
    return;
  }
  name_unit(kPrefill, step.unit);
  trace_.slice(kPrefill, step.unit.value(), "prefill step", "prefill", step.start, step.end,
               {{"tokens", real(step.tokens)},
                {"efficiency_ratio", step.efficiency},
                {"attention_imbalance", step.attention_imbalance},
                {"token_imbalance", step.token_imbalance},
                {"expert_imbalance", step.expert_imbalance}});
}

void RunTimeline::on_decode_step(const observe::DecodeStepDone& step) {
  if (!shown(step.start, step.end)) {
    return;
  }
  name_unit(kDecode, step.unit);
  trace_.slice(kDecode, step.unit.value(), "decode step", "decode", step.start, step.end,
               {{"requests", real(step.requests)},
                {"joined", real(step.joined)},
                {"kv_tokens", step.kv_tokens},
                {"kv_ratio_max", step.kv_ratio_max},
                {"kv_imbalance", step.kv_imbalance},
                {"request_imbalance", step.request_imbalance},
                {"expert_imbalance", step.expert_imbalance}});
}

void RunTimeline::on_sample(const observe::FleetSample& sample) {
  if (sample.time < base::kWindowStart || sample.time < from_ || sample.time > to_) {
    return;
  }
  const auto counter = [&](const char* name, std::int64_t value) {
    trace_.counter(kFleet, name, sample.time, real(value));
  };
  counter("prefill queue, requests", sample.prefill_queue_requests);
  counter("prefill queue, tokens", sample.prefill_queue_tokens);
  counter("decode waiting, requests", sample.decode_waiting_requests);
  counter("decode active, requests", sample.decode_active_requests);
  counter("nodes serving", sample.nodes_serving);
  counter("nodes loading", sample.nodes_loading);
  counter("nodes draining", sample.nodes_draining);
  counter("nodes down", sample.nodes_down);
}

void RunTimeline::on_decision(const observe::Decision& decision) {
  if (decision.time >= base::kWindowStart && decision.time >= from_ && decision.time < to_) {
    trace_.instant(kFleet, decision.by + ": " + decision.decided, decision.time,
                   {{"saw", decision.saw}, {"why", decision.why}});
  }
}

void RunTimeline::on_requests_done(std::span<const observe::RequestDone> requests) {
  for (const observe::RequestDone& request : requests) {
    const bool arrived =
        request.arrival >= base::kWindowStart && request.arrival >= from_ && request.arrival < to_;
    if (arrived && request.outcome() != observe::Outcome::InFlight) {
      sample_.emplace(base::mix64(request.id.value()), request);
      if (sample_.size() > kRequests) {
        sample_.erase(std::prev(sample_.end()));
      }
    }
  }
}

// One thread a request: where it waited and what was done for it. A stage that it did not reach is
// not there.
void RunTimeline::draw_request(const observe::RequestDone& request) {
  const auto id = static_cast<std::int64_t>(request.id.value());
  const auto stage = [&](const char* name, base::TimePoint start, base::TimePoint end) {
    trace_.slice(kSampled, id, name, "request", start, end,
                 {{"prompt_tokens", real(request.prompt_tokens)},
                  {"cached_tokens", real(request.cached_tokens)},
                  {"output_tokens", real(request.output_tokens)}});
  };
  trace_.name_thread(kSampled, id, fmt::format("request {}", id));
  if (!request.entered_prefill()) {
    return stage("waits, then ends", request.arrival, request.done);
  }
  using Arrow = ChromeTrace::Arrow;
  const auto arrow = [&](Arrow kind, std::int64_t process, std::int64_t thread,
                         base::TimePoint when) {
    if (when < to_) {  // later steps are not drawn
      trace_.flow(kind, request.id.value(), process, thread, when);
    }
  };
  stage("waits for prefill", request.arrival, request.prefill_start);
  arrow(Arrow::Start, kSampled, id, request.arrival);
  arrow(Arrow::Step, kPrefill, request.prefill_unit.value(), request.prefill_start);
  if (!request.has_first_token) {
    return stage("prefill, then ends", request.prefill_start, request.done);
  }
  stage("prefill", request.prefill_start, request.first_token);
  if (!request.entered_decode) {
    if (request.done > request.first_token) {
      stage("KV on its way, then ends", request.first_token, request.done);
    }
    return;
  }
  stage("KV on its way", request.first_token, request.kv_arrived);
  stage("waits for decode", request.kv_arrived, request.decode_start);
  stage("decode", request.decode_start, request.done);
  arrow(Arrow::End, kDecode, request.decode_unit.value(), request.decode_start);
}

void RunTimeline::finish() {
  for (const auto& [hash, request] : sample_) {
    draw_request(request);
  }
  trace_.finish();
  file_.finish();
}

}  // namespace epfleet::report
