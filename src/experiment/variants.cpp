#include "epfleet/experiment/variants.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>

#include "epfleet/base/error.h"
#include "epfleet/experiment/sweep_jobs.h"
#include "epfleet/experiment/verdict.h"
#include "epfleet/report/catalogue.h"
#include "epfleet/report/metric_values.h"
#include "epfleet/report/result_folder.h"
#include "epfleet/text/csv_row.h"
#include "epfleet/text/files.h"
#include "epfleet/text/parse.h"

namespace epfleet::experiment {
namespace {

namespace fs = std::filesystem;
using Row = std::vector<std::string>;

base::InputError problem(const std::string& folder, std::string what, std::string remedy) {
  return base::InputError({.file = folder, .what = std::move(what), .remedy = std::move(remedy)});
}

std::vector<Row> rows_of(std::string_view csv) {
  std::vector<Row> rows;
  text::CsvRow fields;
  for (std::size_t end = csv.find('\n'); end != csv.npos; end = csv.find('\n')) {
    fields.split(csv.substr(0, end));
    if (fields.is_open()) {
      std::size_t begin = 0;
      do {
        begin = end + 1;
        end = csv.find('\n', begin);
      } while (end != csv.npos && text::CsvRow::stays_open(csv.substr(begin, end - begin)));
      if (end == csv.npos) {
        break;
      }
      fields.split(csv.substr(0, end));
    }
    Row& row = rows.emplace_back();
    for (std::size_t i = 0; i < fields.size(); ++i) {
      row.emplace_back(fields[i]);
    }
    csv.remove_prefix(end + 1);
  }
  return rows;
}

constexpr std::string_view kSearch = "search.";  // what a sweep's search found

// The far side of a search's bracket: not a result of its own.
bool is_bracket(const std::string& name) { return name.ends_with(".fails_at"); }

bool is_metric(const std::string& name) {
  return report::find_metric(name) != nullptr || name.starts_with(kSearch);
}

std::string name_of(const Variant& variant, const std::string& case_name) {
  std::string name = case_name;
  for (const auto& [key, value] : variant.keys) {
    if (case_name.empty()) {
      name += fmt::format("{}{}={}", name.empty() ? "" : ", ", key, value);
    }
  }
  return name.empty() ? variant.case_id : name;
}

// Columns of the table by what they are.
struct Columns {
  std::size_t id = 0, seed = 0, status = 0, name = 0;
  std::vector<std::size_t> keys, metrics;
};

Columns columns_of(const Row& head, const std::string& folder) {
  const auto find = [&](const char* name) {
    const auto at = std::find(head.begin(), head.end(), name);
    if (at == head.end()) {
      throw problem(folder, fmt::format("its sweep.csv has no column '{}'", name),
                    "epfleet sweep writes it");
    }
    return static_cast<std::size_t>(at - head.begin());
  };
  Columns columns{find("case_id"), find("seed"), find("status"), find("case"), {}, {}};
  for (std::size_t i = columns.seed + 1; i < columns.name; ++i) {
    if (!is_bracket(head[i])) {
      (is_metric(head[i]) ? columns.metrics : columns.keys).push_back(i);
    }
  }
  return columns;
}

// Keys that are the same in all variants distinguish none.
void drop_constant_keys(std::vector<Variant>& variants) {
  std::set<std::string> constant;
  for (const auto& [key, value] : variants.front().keys) {
    if (std::ranges::all_of(variants, [&, &k = key, &v = value](const Variant& variant) {
          return variant.keys.contains(k) && variant.keys.at(k) == v;
        })) {
      constant.insert(key);
    }
  }
  for (Variant& variant : variants) {
    std::erase_if(variant.keys, [&](const auto& entry) { return constant.contains(entry.first); });
  }
}

// Squares, differences and ratios of what is compared stay numbers.
std::optional<double> comparable(const std::string& text, const std::string& metric,
                                 const std::string& folder) {
  const auto value = text::parse_number(text);
  const double size = std::abs(value.value_or(0.0));
  if (size > 1e100 || (size > 0.0 && size < 1e-100)) {
    throw problem(folder, fmt::format("{} of {} cannot be compared", text, metric),
                  "a number is 0, or between 1e-100 and 1e100");
  }
  return value;
}

// Where the variants of one folder are, by case id.
using Places = std::map<std::string, std::size_t>;

Variant& variant_with(std::vector<Variant>& variants, Places& places, const std::string& id,
                      const std::string& folder) {
  const auto [place, is_new] = places.emplace(id, variants.size());
  if (is_new) {
    variants.push_back({"", folder, id, {}, {}});
  }
  return variants[place->second];
}

void add_result(const std::string& folder, const std::vector<std::string>& metrics, Places& places,
                Variants& all) {
  const report::ResultDigest result = report::read_result(folder);
  if (result.partial) {
    throw problem(folder, "is a partial result", "let the run end");
  }
  Variant& variant = variant_with(all.variants, places, result.fingerprint, "");
  if (variant.name.empty()) {
    variant.name = fs::path(folder).lexically_normal().generic_string();
  }
  Observation& seen = variant.by_seed[result.seed];
  for (const std::string& metric : metrics) {
    const auto found = result.metrics.find(metric);
    if (found == result.metrics.end()) {
      throw problem(folder, fmt::format("its summary.json has no number '{}'", metric),
                    "write a path such as latency.ttft_s.p95");
    }
    if (const auto value = comparable(found->second, metric, folder)) {
      seen.values[metric] = *value;
    }
  }
  if (const auto stable = result.metrics.find("verdict.stable");
      stable != result.metrics.end() && stable->second == "false") {
    seen.status = CaseStatus::Unstable;
  }
}

}  // namespace

Variants variants_of_csv(const std::string& csv, const std::string& folder) {
  const std::vector<Row> rows = rows_of(csv);
  if (rows.size() < 2) {
    throw problem(folder, "its sweep.csv has no rows", "run the sweep");
  }
  const Columns columns = columns_of(rows.front(), folder);
  Variants all;
  for (const std::size_t metric : columns.metrics) {
    all.metrics.push_back(rows.front()[metric]);
  }
  Places places;
  std::map<std::string, std::string> case_names;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const Row& row = rows[i];
    if (row.size() != rows.front().size()) {
      throw problem(folder, fmt::format("row {} of its sweep.csv is not whole", i + 1), "");
    }
    Variant& variant = variant_with(all.variants, places, row[columns.id], folder);
    case_names[row[columns.id]] = row[columns.name];
    for (const std::size_t key : columns.keys) {
      variant.keys[rows.front()[key]] = row[key];
    }
    const auto seed = text::parse_whole<std::uint64_t>(row[columns.seed]).value_or(0);
    Observation& seen = variant.by_seed[seed];
    seen.status = status_of(row[columns.status]).value_or(CaseStatus::Failed);
    for (const std::size_t metric : columns.metrics) {
      if (const auto value = comparable(row[metric], rows.front()[metric], folder)) {
        seen.values[rows.front()[metric]] = *value;
      }
    }
  }
  drop_constant_keys(all.variants);
  for (Variant& variant : all.variants) {
    variant.name = name_of(variant, case_names[variant.case_id]);
  }
  return all;
}

Variants read_variants(const std::vector<std::string>& folders,
                       const std::vector<std::string>& metrics) {
  Variants all;
  all.metrics = metrics;
  for (const std::string& metric : metrics) {
    if (!metric.starts_with(kSearch)) {
      require_metric(metric, "", "--metric");
    }
  }
  std::vector<std::string> runs;
  for (const std::string& folder : folders) {
    if (!fs::exists(fs::path(folder) / "epfleet_sweep")) {
      runs.push_back(folder);
      continue;
    }
    if (!fs::exists(fs::path(folder) / "sweep.csv")) {
      throw problem(folder, "the sweep has not ended", "epfleet sweep --resume goes on with it");
    }
    Variants some =
        variants_of_csv(text::read_file(fs::path(folder) / "sweep.csv", "compare"), folder);
    for (const std::string& metric : metrics) {
      if (std::ranges::count(some.metrics, metric) == 0) {
        throw problem(folder, fmt::format("its sweep.csv has no column '{}'", metric),
                      "name it under metrics in the sweep file, or choose one that is there");
      }
    }
    for (const std::string& metric : some.metrics) {
      if (metrics.empty() && std::ranges::count(all.metrics, metric) == 0) {
        all.metrics.push_back(metric);
      }
    }
    for (Variant& variant : some.variants) {
      if (folders.size() > 1) {
        variant.name = folder + (some.variants.size() > 1 ? ": " + variant.name : "");
      }
      all.variants.push_back(std::move(variant));
    }
  }
  if (all.metrics.empty()) {
    all.metrics = usual_metrics();
  }
  Places places;
  for (const std::string& folder : runs) {
    add_result(folder, all.metrics, places, all);
  }
  return all;
}

}  // namespace epfleet::experiment
