// What was asked of the service and what became of it: requests, tokens, and the workload's means.
#pragma once

#include <array>
#include <cstdint>

#include "epfleet/metrics/interval.h"
#include "epfleet/metrics/metric.h"

namespace epfleet::metrics {

struct RequestCounts {
  std::int64_t arrived = 0, completed = 0, rejected = 0, failed = 0, in_flight = 0;
  std::int64_t finished_in_window = 0;
  std::int64_t finished_input_tokens = 0, finished_output_tokens = 0;  // of these
  std::array<std::int64_t, observe::kEndings.size()> by_ending{};      // of the arrived ones
  std::int64_t retries = 0, unanswered = 0;
  std::int64_t preemptions = 0;
  std::int64_t concurrent_peak = 0;
  Measure concurrent_mean;
};

inline constexpr Row<RequestCounts> kRequestRows[] = {
    {"arrived", "requests", Kind::Flow, Better::Neither, of<&RequestCounts::arrived>,
     "Requests that arrived in the window: completed + rejected + failed + in flight. Each attempt "
     "of a client that comes again is one, with its own arrival."},
    {name_of(observe::Outcome::Completed), "requests", Kind::Flow, Better::Neither,
     of<&RequestCounts::completed>,
     "Of the arrived ones, those that got their last token, in the window or in the cool-down."},
    {name_of(observe::Outcome::Rejected), "requests", Kind::Flow, Better::Less,
     of<&RequestCounts::rejected>,
     "Of the arrived ones, those that were turned away; rejected_by has the reasons."},
    {name_of(observe::Outcome::Failed), "requests", Kind::Flow, Better::Less,
     of<&RequestCounts::failed>,
     "Of the arrived ones, those that were taken in and not completed; failed_by has the reasons."},
    {name_of(observe::Outcome::InFlight), "requests", Kind::Flow, Better::Neither,
     of<&RequestCounts::in_flight>,
     "Of the arrived ones, those still in service when the cool-down ended."},
    {"retries", "requests", Kind::Flow, Better::Less, of<&RequestCounts::retries>,
     "Of the arrived ones, those that repeat one that was rejected or failed."},
    {"unanswered", "requests", Kind::Flow, Better::Less, of<&RequestCounts::unanswered>,
     "Clients whose first attempt arrived in the window and who had no answer, and no attempt in "
     "service, when the run ended."},
    {"finished_in_window", "requests", Kind::Flow, Better::Neither,
     of<&RequestCounts::finished_in_window>,
     "Requests that got their last token in the window, whenever they arrived."},
    {"preemptions", "preemptions", Kind::Flow, Better::Less, of<&RequestCounts::preemptions>,
     "Times that a decode GPU short of memory gave up a request, whenever that had arrived."},
    {"concurrent_peak", "requests", Kind::Level, Better::Neither,
     of<&RequestCounts::concurrent_peak>, "Most requests in service at any moment of the window."},
    {"concurrent_mean", "requests", Kind::Level, Better::Neither,
     of<&RequestCounts::concurrent_mean>,
     "Requests in service, mean over the window; in a steady service arrivals / s x mean e2e."},
};

struct TokenSums {
  std::int64_t input = 0, cached = 0, computed = 0;
  std::int64_t computed_in_steps = 0;
  std::int64_t output = 0;  // rounded down to whole tokens
  std::int64_t reasoning = 0;
  std::int64_t carried_in = 0;
  TokensByPayer by_payer{};          // exact
  std::int64_t output_peak_tps = 0;  // in the busiest second
};

inline constexpr Row<TokenSums> kTokenRows[] = {
    {"input", "tokens", Kind::Flow, Better::Neither, of<&TokenSums::input>,
     "Tokens of the prompts whose prefill finished in the window."},
    {"cached", "tokens", Kind::Flow, Better::Neither, of<&TokenSums::cached>,
     "Of the input tokens, those whose KV was read from the store."},
    {"computed", "tokens", Kind::Flow, Better::Neither, of<&TokenSums::computed>,
     "Of the input tokens, those that were computed: input - cached."},
    {"computed_in_steps", "tokens", Kind::Flow, Better::Neither, of<&TokenSums::computed_in_steps>,
     "Prompt tokens that the window's prefill steps computed, also of prompts finished after it."},
    {"output", "tokens", Kind::Flow, Better::Neither, of<&TokenSums::output>,
     "Tokens emitted, reasoning included."},
    {"reasoning", "tokens", Kind::Flow, Better::Neither, of<&TokenSums::reasoning>,
     "Output tokens x the share of reasoning in the answers that ended, by model variant."},
    {"carried_in_tokens", "tokens", Kind::Flow, Better::Neither, of<&TokenSums::carried_in>,
     "Input and output tokens for requests that had arrived before the window."},
};

// Of all requests that arrived in the window, whatever became of them (completed ones alone would
// be short ones in a short run).
struct WorkloadMeans {
  Measure mean_input_tokens, mean_output_tokens;
  Measure mean_kv_per_output_token, attention_pairs_per_computed_token;
};

inline constexpr Row<WorkloadMeans> kWorkloadRows[] = {
    {"mean_input_tokens", "tokens", Kind::Ratio, Better::Neither,
     of<&WorkloadMeans::mean_input_tokens>, "Mean prompt I of the requests that arrived."},
    {"mean_output_tokens", "tokens", Kind::Ratio, Better::Neither,
     of<&WorkloadMeans::mean_output_tokens>, "Mean answer O of the requests that arrived."},
    {"mean_kv_per_output_token", "tokens", Kind::Ratio, Better::Neither,
     of<&WorkloadMeans::mean_kv_per_output_token>,
     "Mean KV length that an output token attends to: (E[O I] + E[O^2] / 2) / E[O]."},
    {"attention_pairs_per_computed_token", "tokens", Kind::Ratio, Better::Neither,
     of<&WorkloadMeans::attention_pairs_per_computed_token>,
     "Of requests that got a first token, with q tokens computed after p cached ones: "
     "(E[q p] + E[q^2] / 2) / E[q]."},
};

}  // namespace epfleet::metrics
