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
      add(total, part);
    }
  }
  return total;
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
