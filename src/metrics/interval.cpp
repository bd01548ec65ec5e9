#include "epfleet/metrics/interval.h"

namespace epfleet::metrics {
namespace {

Measure mean_nodes_of(std::int64_t node_ns, base::Duration length) {
  return ratio(static_cast<double>(node_ns), static_cast<double>(length.count()));
}

}  // namespace

observe::TokenTotals sum(const TokensByPayer& tokens) {
  observe::TokenTotals total;
  for (const auto& by_channel : tokens) {
    for (const observe::TokenTotals& part : by_channel) {
      total.input += part.input;
      total.cached += part.cached;
      total.output_fp += part.output_fp;
    }
  }
  return total;
}

void add(TokensByPayer& into, const TokensByPayer& tokens) {
  for (std::size_t variant = 0; variant < tokens.size(); ++variant) {
    for (std::size_t channel = 0; channel < tokens[variant].size(); ++channel) {
      const observe::TokenTotals& part = tokens[variant][channel];
      into[variant][channel].input += part.input;
      into[variant][channel].cached += part.cached;
      into[variant][channel].output_fp += part.output_fp;
    }
  }
}

void add(NodeTime& into, const NodeTime& time) {
  into.busy += time.busy;
  into.idle += time.idle;
  into.loading += time.loading;
  into.draining += time.draining;
}

Measure Interval::mean_prefill_nodes() const {
  return mean_nodes_of(prefill_node_ns.allotted(), length());
}

Measure Interval::mean_decode_nodes() const {
  return mean_nodes_of(decode_node_ns.allotted(), length());
}

Measure Interval::mean_nodes() const {
  return mean_nodes_of(prefill_node_ns.allotted() + decode_node_ns.allotted(), length());
}

}  // namespace epfleet::metrics
