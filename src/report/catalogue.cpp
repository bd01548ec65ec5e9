#include "epfleet/report/catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <mutex>

namespace epfleet::report {
namespace {

using metrics::Row;

// Adds groups of rows; `subject` leads from a report to what the rows are about.
class Builder {
 public:
  explicit Builder(std::vector<Metric>& all) : all_(all) {}

  // `whole`: what the rows are parts of. The parts of a distribution say it instead of a sentence.
  template <class Of, std::size_t N, class Subject>
  void add(const std::string& group, Subject subject, const Row<Of> (&rows)[N],
           const std::string& whole = "") {
    for (const Row<Of>& row : rows) {
      Metric metric;
      metric.path = group + (group.empty() ? "" : ".") + std::string(row.name);
      metric.unit = row.unit;
      metric.kind = row.kind;
      metric.better = row.better;
      metric.part = row.kind == metrics::Kind::Distribution ? row.sentence : "";
      metric.sentence = whole + (whole.empty() || !metric.part.empty() ? "" : " ") +
                        std::string(metric.part.empty() ? row.sentence : "");
      metric.value = [subject, value = row.value](const RunReport& r) { return value(subject(r)); };
      all_.push_back(std::move(metric));
    }
  }

 private:
  std::vector<Metric>& all_;
};

// requests.rejected_by and failed_by: a row for each way to end so.
void add_endings(const std::string& group, observe::Outcome outcome, std::vector<Metric>& all) {
  for (std::size_t i = 0; i < observe::kEndings.size(); ++i) {
    const observe::EndingRow& row = observe::kEndings[i];
    if (row.outcome == outcome) {
      Metric metric;
      metric.path = fmt::format("{}.{}", group, row.name);
      metric.unit = "requests";
      metric.kind = metrics::Kind::Flow;
      metric.better = metrics::Better::Less;
      metric.sentence = row.sentence;
      metric.value = [i](const RunReport& r) { return r.statistics.requests.by_ending[i]; };
      all.push_back(std::move(metric));
    }
  }
}

constexpr Row<RunReport> kRunRows[] = {
    {"simulated_s", "s", metrics::Kind::Flow, metrics::Better::Neither,
     metrics::of<&RunReport::simulated_s>, "Length of the counted window."},
    {"warm_up_s", "s", metrics::Kind::Level, metrics::Better::Neither,
     metrics::of<&RunReport::warm_up>, "Service before the window that is not counted."},
};

constexpr Row<UnitNodes> kUnitNodeRows[] = {
    {"per_prefill_unit", "nodes", metrics::Kind::Level, metrics::Better::Neither,
     metrics::of<&UnitNodes::prefill>, "Nodes of one prefill unit."},
    {"per_decode_unit", "nodes", metrics::Kind::Level, metrics::Better::Neither,
     metrics::of<&UnitNodes::decode>, "Nodes of one decode unit."},
};

template <std::int64_t workload::RowAccount::* Member>
metrics::Value rows_of(const RunReport& report) {
  return report.rows ? metrics::Value((*report.rows).*Member) : metrics::Value();
}
metrics::Value skipped_rows(const RunReport& report) {
  return report.rows ? metrics::Value(report.rows->skipped()) : metrics::Value();
}

using workload::RowAccount;
constexpr Row<RunReport> kAccountingRows[] = {
    {"rows_read", "rows", metrics::Kind::Flow, metrics::Better::Neither, rows_of<&RowAccount::read>,
     "Rows of the trace: the sum of the others. Null without a trace."},
    {"played", "rows", metrics::Kind::Flow, metrics::Better::Neither, rows_of<&RowAccount::played>,
     "Rows that arrived in the window, counted once however often they were played."},
    {"before_window", "rows", metrics::Kind::Flow, metrics::Better::Neither,
     rows_of<&RowAccount::before_window>, "Rows before the cut, or played in the warm-up only."},
    {"after_window", "rows", metrics::Kind::Flow, metrics::Better::Neither,
     rows_of<&RowAccount::after_window>, "Rows behind the cut or after the end of the window."},
    {"skipped", "rows", metrics::Kind::Flow, metrics::Better::Neither, skipped_rows,
     "Rows that could not be or were not to be played; accounting.skipped_by has the reasons."},
};

// clang-format off
void add_statistics(Builder& to, std::vector<Metric>& all) {
  to.add("", [](const auto& r) -> auto& { return r; }, kRunRows);
  to.add("verdict", [](const auto& r) -> auto& { return r.verdict; }, kRunVerdictRows);
  to.add("load", [](const auto& r) -> auto& { return r.load; }, kLoadRows);
  to.add("requests", [](const auto& r) -> auto& { return r.statistics.requests; }, metrics::kRequestRows);
  add_endings("requests.rejected_by", observe::Outcome::Rejected, all);
  add_endings("requests.failed_by", observe::Outcome::Failed, all);
  to.add("accounting", [](const auto& r) -> auto& { return r; }, kAccountingRows);
  to.add("tokens", [](const auto& r) -> auto& { return r.statistics.tokens; }, metrics::kTokenRows);
  to.add("workload", [](const auto& r) -> auto& { return r.statistics.workload; }, metrics::kWorkloadRows);
  to.add("cache", [](const auto& r) -> auto& { return r.statistics.cache; }, metrics::kCacheRows);
  to.add("cache.lost", [](const auto& r) -> auto& { return r.statistics.cache; }, metrics::kLostRows);
  for (const metrics::LatencyRow& row : metrics::kLatencyRows) {
    to.add("latency." + std::string(row.name), [member = row.member](const auto& r) -> auto& { return r.statistics.latency.*member; },
           metrics::kDistributionRows, std::string(row.sentence));
  }
  to.add("latency.output_speed_tps", [](const auto& r) -> auto& { return r.statistics.latency.output_speed; },
         metrics::kOutputSpeedRows, std::string(metrics::kOutputSpeedSentence));
  to.add("slo", [](const auto& r) -> auto& { return r.statistics.slo; }, metrics::kSloRows);
  to.add("slo.ttft", [](const auto& r) -> auto& { return r.statistics.slo.ttft; }, metrics::kVerdictRows, "Time to first token:");
  to.add("slo.tpot", [](const auto& r) -> auto& { return r.statistics.slo.tpot; }, metrics::kVerdictRows, "Time per output token:");
  to.add("nodes", [](const auto& r) -> auto& { return r.statistics.nodes; }, metrics::kNodeRows);
  to.add("nodes", [](const auto& r) -> auto& { return r.unit_nodes; }, kUnitNodeRows);
  to.add("node_hours.prefill", [](const auto& r) -> auto& { return r.statistics.nodes.prefill_ns; }, metrics::kNodeTimeRows, "Prefill nodes");
  to.add("node_hours.decode", [](const auto& r) -> auto& { return r.statistics.nodes.decode_ns; }, metrics::kNodeTimeRows, "Decode nodes");
  to.add("node_hours", [](const auto& r) -> auto& { return r.statistics.nodes; }, metrics::kSpareRows);
  to.add("failures", [](const auto& r) -> auto& { return r.statistics.failures; }, metrics::kFailureRows);
  to.add("throughput", [](const auto& r) -> auto& { return r.statistics.throughput; }, metrics::kThroughputRows);
  to.add("throughput", [](const auto& r) -> auto& { return r.efficiency; }, kPerGpuRows);
  to.add("utilisation", [](const auto& r) -> auto& { return r.statistics.utilisation; }, metrics::kUtilisationRows);
  to.add("utilisation", [](const auto& r) -> auto& { return r.efficiency; }, kPeakShareRows);
  to.add("utilisation.imbalance", [](const auto& r) -> auto& { return r.statistics.utilisation.steps; }, metrics::kImbalanceRows);
  to.add("scaling", [](const auto& r) -> auto& { return r.statistics.scaling; }, metrics::kScalingRows);
  to.add("network", [](const auto& r) -> auto& { return r.statistics; }, metrics::kNetworkRows);
  to.add("pricing", [](const auto& r) -> auto& { return r.statistics; }, metrics::kPricingRows);
}

void add_money(Builder& to) {
  to.add("cost", [](const auto& r) -> auto& { return r.statement.total; }, cost::kCostRows);
  to.add("cost", [](const auto& r) -> auto& { return r.efficiency; }, kHourlyCostRows);
  to.add("unit_cost", [](const auto& r) -> auto& { return r.statement.unit_cost; }, cost::kUnitCostRows);
  to.add("revenue", [](const auto& r) -> auto& { return r.statement.total.revenue; }, cost::kRevenueRows);
  for (std::size_t variant = 0; variant < workload::kVariants; ++variant) {
    const std::string name(workload::kVariantNames[variant]);
    to.add("revenue.per_model." + name, [variant](const auto& r) -> auto& { return r.statement.total.per_model[variant]; },
           cost::kRevenueRows, "Of " + name + ":");
  }
  to.add("energy", [](const auto& r) -> auto& { return r.energy; }, cost::kEnergyRows);
  to.add("margin", [](const auto& r) -> auto& { return r.statement.total; }, cost::kMarginRows);
}
// clang-format on

}  // namespace

std::vector<Metric> class_metrics(const std::string& name) {
  static const metrics::ClassResult kNone;
  const auto of = [name](const RunReport& r) -> const metrics::ClassResult& {
    const auto found = std::ranges::find_if(
        r.statistics.classes, [&](const auto& one) { return one.objectives.name == name; });
    return found == r.statistics.classes.end() ? kNone : *found;
  };
  std::vector<Metric> all;
  Builder builder(all);
  const std::string group = "per_class." + name;
  builder.add(group, of, metrics::kClassRows, "Of the class:");
  for (const metrics::ClassLatencyRow& row : metrics::kClassLatencyRows) {
    builder.add(
        group + "." + std::string(row.name),
        [of, member = row.member](const RunReport& r) -> const auto& { return of(r).*member; },
        metrics::kDistributionRows, "Of the class: " + std::string(row.sentence));
  }
  return all;
}

std::span<const Metric> metric_catalogue() {
  static const std::vector<Metric> kAll = [] {
    std::vector<Metric> all;
    Builder builder(all);
    add_statistics(builder, all);
    add_money(builder);
    for (Metric& metric : class_metrics("NAME")) {
      metric.of_any_class = true;
      metric.value = [](const RunReport&) { return metrics::Value(); };
      all.push_back(std::move(metric));
    }
    return all;
  }();
  return kAll;
}

namespace {

// per_class.paid.arrived: of a class that some scenario may have.
const Metric* find_class_metric(std::string_view path) {
  constexpr std::string_view kGroup = "per_class.";
  static std::mutex mutex;
  static std::map<std::string, std::vector<Metric>, std::less<>> made;
  if (!path.starts_with(kGroup)) {
    return nullptr;
  }
  const std::string_view rest = path.substr(kGroup.size());
  const std::lock_guard lock(mutex);
  std::vector<Metric>& metrics = made[std::string(rest.substr(0, rest.find('.')))];
  if (metrics.empty()) {
    metrics = class_metrics(std::string(rest.substr(0, rest.find('.'))));
  }
  const auto found = std::ranges::find(metrics, path, &Metric::path);
  return found == metrics.end() ? nullptr : &*found;
}

}  // namespace

const Metric* find_metric(std::string_view path) {
  const auto all = metric_catalogue();
  const auto found = std::ranges::find(all, path, &Metric::path);
  return found == all.end() ? find_class_metric(path) : &*found;
}

metrics::Measure measured(const RunReport& report, std::string_view path) {
  const Metric* metric = find_metric(path);
  const metrics::Value value = metric == nullptr ? metrics::Value() : metric->value(report);
  if (const auto* count = std::get_if<std::int64_t>(&value)) {
    return static_cast<double>(*count);
  }
  const auto* number = std::get_if<double>(&value);
  return number == nullptr ? metrics::Measure() : metrics::Measure(*number);
}

}  // namespace epfleet::report
