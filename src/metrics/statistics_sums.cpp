#include "epfleet/metrics/statistics_sums.h"

#include <numeric>

namespace epfleet::metrics {
namespace {

observe::FleetTotals flows_of(const std::vector<Interval>& rows) {
  observe::FleetTotals sum;
  for (const Interval& row : rows) {
    add<observe::FleetTotals>(sum, row);
  }
  return sum;
}

void check_requests(base::SumCheck& check, const RunStatistics& run) {
  const RequestCounts& requests = run.requests;
  check.equal("number of requests that arrived", requests.arrived,
              requests.completed + requests.rejected + requests.failed + requests.in_flight);
  std::array<std::int64_t, observe::kOutcomeNames.size()> by_outcome{};
  for (std::size_t ending = 0; ending < requests.by_ending.size(); ++ending) {
    by_outcome[static_cast<std::size_t>(observe::kEndings[ending].outcome)] +=
        requests.by_ending[ending];
  }
  const std::array kept = {requests.completed, requests.rejected, requests.failed,
                           requests.in_flight};
  for (std::size_t outcome = 0; outcome < kept.size(); ++outcome) {
    check.equal(observe::kOutcomeNames[outcome].data(), kept[outcome], by_outcome[outcome]);
  }
  std::int64_t of_classes = 0;
  for (const ClassResult& one : run.classes) {
    of_classes += one.arrived;
  }
  if (!run.classes.empty()) {
    check.equal("number of requests that arrived, by class", of_classes, requests.arrived);
  }
}

}  // namespace

void check_sums(base::SumCheck& check, const RunStatistics& run) {
  const auto place = check.at("statistics");
  check_requests(check, run);
  const observe::FleetTotals pieces = flows_of(run.pieces);
  const auto of_pieces = std::bit_cast<Members<observe::FleetTotals>>(pieces);
  for (const auto* rows : {&run.intervals, &run.hours}) {
    const auto sums = std::bit_cast<Members<observe::FleetTotals>>(flows_of(*rows));
    for (std::size_t i = 0; i < sums.size(); ++i) {
      const auto of = check.at(rows == &run.hours ? "hours, count" : "intervals, count", i);
      check.equal("what happened in the window", sums[i], of_pieces[i]);
    }
  }
  const observe::TokenTotals tokens = sum(pieces.tokens);
  check.equal("input tokens", run.tokens.input, tokens.input);
  check.equal("cached tokens", run.tokens.cached, tokens.cached);
  check.equal("computed tokens", run.tokens.computed, tokens.input - tokens.cached);
  check.equal("output tokens", run.tokens.output, tokens.output.whole_tokens());
  check.equal("node-ns of prefill", run.nodes.prefill_ns.allotted(),
              pieces.prefill_node_ns.allotted());
  check.equal("node-ns of decode", run.nodes.decode_ns.allotted(),
              pieces.decode_node_ns.allotted());
  check.equal("bytes read from the store", run.cache.bytes_read, pieces.cache_read_bytes);
  check.equal("preemptions", run.requests.preemptions, pieces.preempted);
}

}  // namespace epfleet::metrics
