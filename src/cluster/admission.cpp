#include "epfleet/cluster/admission.h"

#include <algorithm>
#include <functional>
#include <vector>

namespace epfleet::cluster {
namespace {

using observe::Ending;
using workload::SessionClass;

// A trace of requests knows no classes: API calls count as api, all else as chats of their model.
SessionClass class_of(const workload::Request& request, workload::SourceKind source) {
  if (source != workload::SourceKind::RequestTrace) {
    return workload::class_of(request.session);
  }
  if (request.channel == workload::Channel::Api) {
    return SessionClass::Api;
  }
  return request.variant == workload::Variant::R1 ? SessionClass::ChatR1 : SessionClass::ChatV3;
}

// `before`: how many there were without this one.
std::optional<Ending> beyond(const std::optional<std::int64_t>& cap, double ceiling,
                             std::int64_t before, Ending reason) {
  if (!cap || static_cast<double>(before) < ceiling * static_cast<double>(*cap)) {
    return std::nullopt;
  }
  return before < *cap ? Ending::Shed : reason;
}

}  // namespace

std::vector<double> ceilings(const workload::WorkloadConfig& workload, double min_ceiling) {
  std::vector<std::int64_t> priorities;
  if (workload.source == workload::SourceKind::Plain) {
    for (const workload::OwnClassConfig& one : workload.plain.classes) {
      priorities.push_back(one.priority);
    }
    priorities.resize(std::max<std::size_t>(priorities.size(), 1));  // one, without a name
  } else {
    for (const workload::SessionClassConfig& one : workload.classes) {
      priorities.push_back(one.priority);
    }
  }
  std::vector<std::int64_t> ranks = priorities;  // the highest first
  std::ranges::sort(ranks, std::greater<>());
  const auto repeated = std::ranges::unique(ranks);
  ranks.erase(repeated.begin(), repeated.end());
  std::vector<double> all;
  for (const std::int64_t priority : priorities) {
    const auto rank = std::ranges::find(ranks, priority) - ranks.begin();
    all.push_back(rank == 0 ? 1.0
                            : 1.0 - static_cast<double>(rank) * (1.0 - min_ceiling) /
                                        static_cast<double>(ranks.size() - 1));
  }
  return all;
}

Admission::Admission(const FleetState& fleet)
    : fleet_(fleet),
      limits_(fleet.spec.admission.max_concurrency || fleet.spec.admission.max_queue),
      ceilings_(ceilings(fleet.spec.workload, fleet.spec.admission.min_ceiling)) {}

std::optional<Ending> Admission::refusal(const workload::Request& request) const {
  const AdmissionConfig& limits = fleet_.spec.admission;
  const workload::SourceKind source = fleet_.spec.workload.source;
  const double ceiling = ceilings_[source == workload::SourceKind::Plain
                                       ? workload::own_class_of(request.session)
                                       : static_cast<std::size_t>(class_of(request, source))];
  if (const auto reason = beyond(limits.max_concurrency, ceiling, fleet_.totals.in_service() - 1,
                                 Ending::ConcurrencyLimit)) {
    return reason;
  }
  return beyond(limits.max_queue, ceiling,
                fleet_.requests.queued() + std::ssize(fleet_.homeless.prompts), Ending::QueueLimit);
}

}  // namespace epfleet::cluster
