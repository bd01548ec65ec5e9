#include "epfleet/experiment/make_trace.h"

#include <fmt/core.h>

#include "epfleet/traces/trace_writer.h"
#include "plain_window.h"
#include "warm_up.h"
#include "workload_source.h"

namespace epfleet::experiment {
namespace {

traces::TraceRecord record_of(const workload::Request& request, const Workload& workload) {
  traces::TraceRecord record;
  record.time = request.arrival.time_since_epoch();
  record.input = request.prompt_tokens;
  record.output = request.output_tokens;
  record.reasoning = request.reasoning_tokens;
  if (request.stated_cached_tokens >= 0) {
    record.cached = request.stated_cached_tokens;
  }
  record.session = request.session.value();
  record.turn = request.turn;
  record.session_tokens = request.prefix.session_tokens;
  record.shared_prefix = request.prefix.shared_id;
  record.shared_tokens = request.prefix.shared_tokens;
  record.last_turn = !request.prefix.returns;
  record.variant = request.variant;
  record.channel = request.channel;
  const auto blocks = workload.blocks_of(request);
  record.blocks.assign(blocks.begin(), blocks.end());
  return record;
}

}  // namespace

MadeTrace make_trace(const config::Scenario& given, base::Duration until, const std::string& path) {
  const config::Scenario scenario = with_first_warm_up(with_window(given));
  cluster::FleetSpec spec = scenario;
  spec.duration = until;
  const cluster::StepPricers pricers = cluster::make_step_pricers(spec);
  base::Worker worker;
  const Workload workload(scenario, spec, pricers, &worker);
  const sessions::ExpectedService service = expected_service(scenario, spec, pricers);
  const traces::TraceInfo info = workload.trace_info();
  traces::TraceWriter writer(path, info);
  MadeTrace made;
  workload::Source& source = workload.source();
  while (const auto arrival = source.next_arrival()) {
    if (*arrival >= spec.window_end()) {
      break;
    }
    const workload::Request request = source.take();
    writer.write(record_of(request, workload));
    ++made.requests;
    made.input_tokens += request.prompt_tokens;
    made.output_tokens += request.output_tokens;
    source.complete(request, request.arrival + base::duration_from_seconds(
                                                   service.seconds(request.output_tokens)));
  }
  writer.finish();
  made.notes = workload.notes();
  const workload::WorkloadConfig& config = scenario.workload;
  if (config.source == workload::SourceKind::RequestTrace && config.trace.warm_store &&
      config.trace.from > base::Duration{} && (info.block_tokens > 0 || info.by_sessions())) {
    made.notes.emplace_back(
        "what was before workload.trace.from is not in the file: a replay of it starts with a cold "
        "store");
  }
  if (config.warm_up > base::Duration{}) {
    made.notes.push_back(fmt::format(
        "the first {0:.6g} s of the file are the warm-up: a replay that is to give the scenario's "
        "numbers has --set 'workload.warm_up={0:.6g} s'",
        base::to_seconds(*config.warm_up)));
  }
  return made;
}

}  // namespace epfleet::experiment
