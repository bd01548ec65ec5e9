#include "fleet_laws.h"

#include <algorithm>
#include <map>

#include "property.h"

namespace epfleet::test {
namespace {

using base::Duration;
using base::TimePoint;
using observe::FleetSample;
using observe::Outcome;
using observe::RequestDone;

// arrived = completed + rejected + failed + in flight; each attempt is announced once, and the
// attempts of a request follow each other.
void expect_requests_conserved(const FleetRun& run) {
  const FleetSample& last = run.ledger.last();
  std::map<std::uint64_t, const RequestDone*> latest;
  for (const RequestDone& request : run.ledger.requests) {
    const auto [before, is_first] = latest.emplace(request.id.value(), &request);
    RC_ASSERT(request.attempt == (is_first ? 0 : before->second->attempt + 1));
    if (!is_first) {  // doubled for every attempt, a quarter shorter at most
      const RequestDone& earlier = *before->second;
      RC_ASSERT(earlier.comes_again && earlier.done < request.arrival);
      const auto most = run.spec.admission.retries.back_off * (1 << earlier.attempt);
      RC_ASSERT(request.arrival - earlier.done <= most + Duration(1));
      RC_ASSERT(request.arrival - earlier.done >= most * 3 / 4);
    }
    RC_ASSERT(request.attempt <= run.spec.admission.retries.limit);
    before->second = &request;
  }
  RC_ASSERT(latest.size() == run.ledger.arrivals.size());
  for (const workload::Request& asked : run.ledger.arrivals) {
    const auto found = latest.find(asked.id.value());
    RC_ASSERT(found != latest.end());
    RC_ASSERT(found->second->prompt_tokens == asked.prompt_tokens);
    RC_ASSERT(found->second->output_tokens == asked.output_tokens);
    RC_ASSERT(found->second->variant == asked.variant);
    RC_ASSERT(found->second->channel == asked.channel);
  }
  RC_ASSERT(run.scheduled == run.executed + run.cancelled + run.left);
  RC_ASSERT(last.arrived == static_cast<std::int64_t>(run.ledger.requests.size()));
  RC_ASSERT(last.retries == last.arrived - static_cast<std::int64_t>(latest.size()));
  RC_ASSERT(last.completed == run.ledger.count(Outcome::Completed));
  RC_ASSERT(last.rejected == run.ledger.count(Outcome::Rejected));
  RC_ASSERT(last.failed == run.ledger.count(Outcome::Failed));
  RC_ASSERT(last.in_service() == run.ledger.count(Outcome::InFlight));
}

Duration longest_step_of(const FleetRun& run) {
  Duration longest{};
  const auto look = [&](const auto& steps) {
    for (const auto& step : steps) {
      longest = std::max(longest, step.end - step.start);
    }
  };
  look(run.ledger.prefill_steps);
  look(run.ledger.decode_steps);
  return longest;
}

void expect_causality(const FleetRun& run) {
  const Duration longest_step = longest_step_of(run);
  const bool any_failure = run.ledger.last().failures.events > 0;
  for (const RequestDone& r : run.ledger.requests) {
    RC_ASSERT(r.arrival >= run.spec.run_start());
    RC_ASSERT(r.arrival <= r.done && r.done <= run.ledger.last().time);
    RC_ASSERT(r.entered_prefill() || !r.has_first_token);
    RC_ASSERT(r.has_first_token || !r.entered_decode);
    if (r.entered_prefill()) {
      RC_ASSERT(r.arrival <= r.prefill_start);
      RC_ASSERT(r.prefill_gpu < run.spec.prefill.gpus);
    }
    if (r.has_first_token) {
      RC_ASSERT(r.prefill_start < r.first_token && r.first_token <= r.done);
      RC_ASSERT(r.cached_tokens >= 0 && r.cached_tokens < r.prompt_tokens);
    }
    if (r.entered_decode) {
      RC_ASSERT(r.first_token < r.kv_arrived && r.kv_arrived <= r.decode_start);
      RC_ASSERT(r.decode_start <= r.done && r.output_tokens > 1);
      RC_ASSERT(r.decode_gpu < run.spec.decode.gpus);
    }
    if (r.outcome() == Outcome::Completed) {
      RC_ASSERT(r.entered_decode == (r.output_tokens > 1));
      RC_ASSERT(r.has_first_token);
    }
    const cluster::AdmissionConfig& limits = run.spec.admission;
    if (r.ending == observe::Ending::StartedTooLate) {
      RC_ASSERT(!r.has_first_token && (!r.entered_prefill() || any_failure));
      RC_ASSERT(r.done == r.arrival + *limits.start_deadline);
    }
    if (limits.start_deadline && r.entered_prefill() && !any_failure) {
      RC_ASSERT(r.prefill_start <= r.arrival + *limits.start_deadline);
    }
    if (r.ending == observe::Ending::TookTooLong) {
      RC_ASSERT(r.done >= r.arrival + *limits.total_deadline);
    }
    if (limits.total_deadline && !any_failure) {  // at the end of the step that works on it
      RC_ASSERT(r.done <= r.arrival + *limits.total_deadline + longest_step);
    }
    if (r.outcome() == Outcome::Rejected) {
      RC_ASSERT(!r.entered_prefill() && r.done == r.arrival);
    }
  }
}

// input = cached + computed; what steps computed; what steps emitted.
void expect_tokens_conserved(const FleetRun& run) {
  const FleetSample& last = run.ledger.last();
  std::int64_t input = 0, cached = 0, first_tokens = 0, answers = 0, unfinished = 0;
  std::int64_t half_done_most = 0;
  for (const RequestDone& r : run.ledger.requests) {
    if (r.has_first_token) {
      input += r.prompt_tokens;
      cached += r.cached_tokens;
      ++first_tokens;
    }
    if (r.outcome() == Outcome::Completed) {
      answers += r.output_tokens;
    } else {
      half_done_most += r.prompt_tokens + r.output_tokens;
      unfinished += r.has_first_token ? r.output_tokens : 0;
    }
  }
  const observe::TokenTotals tokens = tokens_of(last);
  RC_ASSERT(tokens.input == input);
  RC_ASSERT(tokens.cached == cached);
  std::int64_t in_steps = 0;
  for (const observe::PrefillStepDone& step : run.ledger.prefill_steps) {
    in_steps += step.tokens;
  }
  RC_ASSERT(last.computed_tokens == in_steps);
  const std::int64_t computed = input - cached + last.failures.recomputed_tokens;
  RC_ASSERT(last.computed_tokens >= computed);
  RC_ASSERT(last.computed_tokens <= computed + half_done_most);
  base::TokenParts emitted = base::TokenParts::from_tokens(first_tokens);
  for (const observe::DecodeStepDone& step : run.ledger.decode_steps) {
    emitted += step.emitted;
  }
  RC_ASSERT(tokens.output == emitted);
  RC_ASSERT(tokens.output >= base::TokenParts::from_tokens(answers));
  RC_ASSERT(tokens.output <= base::TokenParts::from_tokens(answers + unfinished));
  const FleetSample::LostTokens& lost = last.cache_lost;
  RC_ASSERT(cached + lost.cold + lost.capacity + lost.ttl + lost.rounding + lost.not_yet_written +
                lost.too_slow + lost.store_down <=
            input);
}

std::int64_t window_ns(const FleetRun& run, const FleetSample& sample) {
  return (sample.time - run.spec.run_start()).count();
}

// busy + idle + loading + draining + down = nodes x time, at every look.
void expect_node_time_conserved(const FleetRun& run) {
  const std::int64_t nodes = run.spec.prefill_unit_nodes();
  const bool is_fixed = run.spec.scaling.policy == "fixed";
  const std::int64_t units = 1 + run.spec.fleet.groups;
  for (const FleetSample& s : run.ledger.samples) {
    RC_ASSERT(s.nodes_serving + s.nodes_draining + s.nodes_loading + s.nodes_down + s.nodes_spare ==
              s.nodes_allotted());
    RC_ASSERT(s.spare_node_ns == s.nodes_spare * window_ns(run, s));
    RC_ASSERT(s.prefill_node_ns.down + s.decode_node_ns.down == s.failures.unit_down_ns * nodes);
    for (const auto& time : {s.prefill_node_ns, s.decode_node_ns}) {
      RC_ASSERT(std::min({time.busy, time.idle, time.loading, time.draining, time.down}) >= 0);
      RC_ASSERT(!is_fixed || time.allotted() == units * nodes * window_ns(run, s));
      RC_ASSERT(!is_fixed || time.loading + time.draining == 0);
    }
    RC_ASSERT(s.peaks.nodes_allotted >= s.nodes_allotted());
  }
}

// What steps took is what nodes were busy, but for the steps under way or given up.
void expect_steps_apart(const FleetRun& run) {
  std::map<std::uint64_t, TimePoint> until;
  Duration busy{};
  for (const observe::DecodeStepDone& step : run.ledger.decode_steps) {
    RC_ASSERT(step.start < step.end);
    const auto [before, is_first] =
        until.emplace(static_cast<std::uint64_t>(step.unit.value()), step.end);
    RC_ASSERT(is_first || before->second <= step.start);
    before->second = step.end;
    busy += step.end - step.start;
    RC_ASSERT(step.requests >= 1 && step.joined <= step.requests);
    RC_ASSERT(step.kv_ratio_mean <= step.kv_ratio_max + 1e-12);
    RC_ASSERT(step.kv_ratio_max <= 1.0 + 1e-12);
    RC_ASSERT(step.kv_imbalance >= 1.0 - 1e-12 && step.request_imbalance >= 1.0 - 1e-12);
    const double most = static_cast<double>(run.spec.decode.gpus);
    RC_ASSERT(step.kv_imbalance <= most + 1e-9 && step.request_imbalance <= most + 1e-9);
  }
  RC_ASSERT(run.ledger.last().decode_node_ns.busy >= busy.count() * run.spec.decode_unit_nodes() -
                                                         run.ledger.last().decode_node_ns.draining);
}

// Little's law, look by look: who is in service at a moment arrived before it and has not ended.
void expect_littles_law(const FleetRun& run) {
  for (const FleetSample& s : run.ledger.samples) {
    const auto in_service = std::ranges::count_if(run.ledger.requests, [&](const RequestDone& r) {
      const bool over = r.outcome() != Outcome::InFlight && r.done < s.time;
      return r.arrival < s.time && !over;
    });
    // At the end of the run everything of that instant has happened, or the run was over before.
    if (s.time < run.ledger.last().time) {
      RC_ASSERT(s.in_service() == in_service);
      RC_ASSERT(s.prefill_queue_requests + s.decode_waiting_requests + s.decode_active_requests <=
                s.in_service());
    }
  }
}

// When all have ended nothing holds memory.
void expect_memory_returned(const FleetRun& run) {
  const FleetSample& last = run.ledger.last();
  const auto& cache = run.spec.kv_cache;
  if (is_drained(run)) {
    RC_ASSERT(last.decode_active_requests + last.decode_waiting_requests == 0);
    RC_ASSERT(last.decode_kv_tokens == 0.0);
    RC_ASSERT(last.prefill_queue_requests + last.prefill_queue_tokens == 0);
  }
  const bool evicts =
      cache.model == cache::CacheModel::Mechanistic && cache.eviction != std::string("ttl");
  // Copies of a trace begin in the middle: what their sessions had said before is in the store.
  const bool starts_empty =
      cache.model == cache::CacheModel::Mechanistic && run.spec.workload.rate_scale == 1.0;
  for (const FleetSample& s : run.ledger.samples) {
    RC_ASSERT(s.decode_kv_tokens <= s.decode_kv_capacity_tokens ||
              s.nodes_serving < s.nodes_allotted());
    RC_ASSERT(!evicts || s.cache_stored_bytes <= cache.capacity.count());
    RC_ASSERT(!starts_empty || s.cache_stored_bytes <= s.cache_written_bytes);
    RC_ASSERT(s.cache_stored_bytes >= 0);
  }
}

}  // namespace

bool is_drained(const FleetRun& run) { return run.ledger.count(Outcome::InFlight) == 0; }

void expect_laws(const FleetRun& run) {
  expect_requests_conserved(run);
  expect_causality(run);
  expect_tokens_conserved(run);
  expect_node_time_conserved(run);
  expect_steps_apart(run);
  expect_littles_law(run);
  expect_memory_returned(run);
}

}  // namespace epfleet::test
