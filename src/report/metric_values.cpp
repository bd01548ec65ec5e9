#include "epfleet/report/metric_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "epfleet/base/error.h"
#include "epfleet/report/catalogue.h"
#include "epfleet/report/result_folder.h"
#include "epfleet/text/files.h"
#include "summary_document.h"

namespace epfleet::report {
namespace {

using Json = nlohmann::ordered_json;

// `levels` that may follow: a file of more would exhaust the stack.
void flatten(const Json& node, const std::string& path, MetricValues& values, int levels = 32) {
  if (node.is_object()) {
    if (levels == 0) {
      throw base::InputError({.what = fmt::format("{} has more than 32 levels", path),
                              .remedy = "epfleet writes no such summary.json"});
    }
    for (const auto& [key, value] : node.items()) {
      flatten(value, path.empty() ? key : path + "." + key, values, levels - 1);
    }
  } else if (node.is_number()) {
    values[path] = node.dump();
  } else if (node.is_boolean()) {
    values[path] = node.get<bool>() ? "1" : "0";
  } else if (node.is_null()) {
    values[path] = "";
  }
}

MetricValues values_of(const Json& summary) {
  MetricValues values;
  flatten(summary, "", values);
  for (const char* name : {"schema", "scenario.seed", "partial"}) {  // say nothing of the service
    values.erase(name);
  }
  return values;
}

}  // namespace

MetricValues metric_values(const RunReport& report) {
  MetricValues values;
  const auto add = [&](const Metric& metric) {
    if (!metric.of_any_class) {
      flatten(json_of(metric.value(report)), metric.path, values);
    }
  };
  std::ranges::for_each(metric_catalogue(), add);
  for (const metrics::ClassResult& one : report.statistics.classes) {
    std::ranges::for_each(class_metrics(one.objectives.name), add);
  }
  return values;
}

ResultDigest read_result(const std::filesystem::path& folder) {
  const auto foreign = [&](const char* why) {
    return base::InputError({.file = (folder / "summary.json").string(),
                             .what = fmt::format("is not epfleet's: {}", why),
                             .remedy = "name a folder that epfleet run or sweep has written"});
  };
  if (!is_result_folder(folder)) {
    throw base::InputError({.file = folder.string(),
                            .what = "is not a result of epfleet: it has no summary.json",
                            .remedy = "name a folder that epfleet run or sweep has written"});
  }
  try {
    const Json summary = Json::parse(text::read_if_any(folder / "summary.json").value_or(""));
    const Json& scenario = summary.at("scenario");
    ResultDigest digest;
    digest.scenario = scenario.value("name", "");
    digest.fingerprint = scenario.value("fingerprint", "");
    const Json seed = scenario.value("seed", Json(0));
    if (!seed.is_number_integer()) {
      throw foreign("the seed is not a whole number of 64 bits");
    }
    digest.seed = seed.get<std::uint64_t>();
    digest.partial = summary.value("partial", false);
    digest.metrics = values_of(summary);
    return digest;
  } catch (const Json::exception& error) {  // another program's, or gone since
    throw foreign(error.what());
  }
}

}  // namespace epfleet::report
