#include "epfleet/calibration/kernel_fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "epfleet/base/real_math.h"
#include "epfleet/calibration/minimise.h"
#include "epfleet/config/key.h"
#include "epfleet/text/parse.h"
#include "kernel_rows.h"
#include "profile_knobs.h"
#include "told_constants.h"

namespace epfleet::calibration {
namespace {

using hardware::HardwareProfile;

bool starts_with_any(const std::string& text, const std::vector<const char*>& starts) {
  return std::ranges::any_of(starts, [&](const char* start) { return text.starts_with(start); });
}

std::string product_family(const std::string& name) {
  const auto has = [&name](const char* part) { return name.find(part) != std::string::npos; };
  return has("fp32")                                                    ? kFp32Family
         : has("gate_bf16") || has("idx_wk_bf16") || has("idx_weights") ? kGateFamily
         : has("bf16") || has("bmm")                                    ? kBf16Family
                                                                        : kFp8Family;
}

std::string misc_family(const std::string& kind) {
  return kind.starts_with("add_rmsnorm")           ? kNormFamily
         : kind.starts_with("gate_sigmoid")        ? kTopkFamily
         : kind.starts_with("sample_")             ? kSamplingFamily
         : kind == "idx_rotate_mm"                 ? kRotateFamily
         : kind == "idx_quant_fp8"                 ? kIndexQuantFamily
         : starts_with_any(kind, {"h2d_", "d2h_"}) ? kHostFamily
                                                   : kElementwiseFamily;
}

std::string mla_family(const MeasuredTable& table, const MeasuredKernel& kernel, bool sustained) {
  constexpr std::int64_t kFewHeads = 64;
  const RowOf row{table, kernel.row, {}};
  if (row.text_or("kernel") == "sparse") {
    return kSparseDecodeFamily;
  }
  const bool few = row.model().heads <= kFewHeads;
  return sustained ? (few ? "" : kHotMlaFamily) : few ? kFewHeadsFamily : kMlaFamily;
}

// Families of sparse attention's kernels; of the sustained clock only decode has a factor.
std::string sparse_family(const std::string& name, bool sustained) {
  if (sustained) {
    return name == "sparse_decode" ? kHotSparseFamily : "";
  }
  return name == "sparse_decode"     ? kSparseDecodeFamily
         : name == "sparse_prefill"  ? kSparsePrefillFamily
         : name == "indexer_prefill" ? kIndexerPrefillFamily
         : name == "indexer_decode"  ? kIndexerDecodeFamily
                                     : kIndexTopkFamily;
}

// Which constants a row speaks about. Single operations of a chain repeat other tables.
std::string family_of(const MeasuredTable& table, const MeasuredKernel& kernel, bool sustained) {
  const std::string& name = kernel.kernel;
  if (name.starts_with("mla")) {
    return mla_family(table, kernel, sustained);
  }
  if (name.starts_with("sparse_") || name.starts_with("indexer_") || name == "topk") {
    return sparse_family(name, sustained);
  }
  if (name == "attn_prefill") {
    return sustained ? kHotPrefillFamily : kPrefillAttentionFamily;
  }
  if (name.starts_with("chain_ops") || name.ends_with("_ops")) {
    return "";
  }
  if (name.starts_with("chain")) {
    return kChainFamily;
  }
  if (name == "misc" || name == "same_programs") {
    return misc_family(table.text(kernel.row, "kind"));
  }
  const std::string family =
      table.has("name") ? product_family(table.text(kernel.row, "name")) : kFp8Family;
  return sustained ? (family == kFp8Family ? kHotGemmFamily : "") : family;
}

using Samples = std::vector<const FitRow*>;

HardwareProfile with(const HardwareProfile& base, const std::vector<Knob>& knobs,
                     const std::vector<double>& values) {
  HardwareProfile profile = base;
  for (std::size_t i = 0; i < knobs.size(); ++i) {
    knobs[i].set(profile, std::clamp(values[i], knobs[i].low, knobs[i].high));
  }
  return profile;
}

double mean_of(const Samples& samples, const std::function<double(const FitRow&)>& error) {
  double sum = 0.0;
  for (const FitRow* row : samples) {
    sum += std::abs(error(*row));
  }
  return sum / static_cast<double>(samples.size());
}

// Mean |log(predicted / measured)|: half and double are equally wrong.
double log_error(const HardwareProfile& profile, const Samples& samples) {
  return mean_of(samples, [&](const FitRow& row) {
    return base::real_log(*row.kernel.predicted_us({profile, row.clock}) / row.kernel.measured_us);
  });
}

double mean_error(const HardwareProfile& profile, const Samples& samples) {
  return mean_of(samples,
                 [&](const FitRow& row) { return *row.kernel.error_ratio({profile, row.clock}); });
}

// Four digits say all that a fit knows. By way of text, so that it prints as four digits.
double rounded(double value) { return text::parse_number(fmt::format("{:.4g}", value)).value(); }

Told told_by(const HardwareProfile& base, const Family& family, const Samples& samples) {
  std::vector<RowTime> times;
  for (const FitRow* row : samples) {
    times.emplace_back([row](const HardwareProfile& profile) {
      return *row->kernel.predicted_us({profile, row->clock});
    });
  }
  return told_constants(base, family.knobs, times);
}

// The constants that the samples tell are moved, the others stay.
HardwareProfile fitted(const HardwareProfile& base, const std::vector<Knob>& knobs,
                       const Samples& samples) {
  if (knobs.empty()) {
    return base;
  }
  const auto error = [&](const std::vector<double>& values) {
    double beyond = 0.0;  // keeps the simplex inside the ranges
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double inside = std::clamp(values[i], knobs[i].low, knobs[i].high);
      beyond += std::abs(values[i] - inside) / (std::abs(inside) + 1.0);
    }
    return log_error(with(base, knobs, values), samples) + beyond;
  };
  std::vector<double> start;
  for (const Knob& knob : knobs) {
    start.push_back(knob.size(base));
  }
  Minimum best = minimise(error, std::move(start));
  std::ranges::transform(best.at, best.at.begin(), rounded);
  HardwareProfile profile = with(base, knobs, best.at);
  return log_error(profile, samples) <= log_error(base, samples) ? profile : base;
}

// The samples of one part at a time are left out and predicted by the fit to the others, with the
// constants that those tell.
double left_out_error(const HardwareProfile& base, const Family& family, const Samples& samples,
                      const std::vector<std::size_t>& part_of) {
  double sum = 0.0;
  const std::size_t parts = 1 + *std::ranges::max_element(part_of);
  for (std::size_t part = 0; part < parts; ++part) {
    Samples seen, left_out;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      (part_of[i] == part ? left_out : seen).push_back(samples[i]);
    }
    if (!seen.empty() && !left_out.empty()) {
      const HardwareProfile profile = fitted(base, told_by(base, family, seen).knobs, seen);
      sum += mean_error(profile, left_out) * static_cast<double>(left_out.size());
    }
  }
  return sum / static_cast<double>(samples.size());
}

// Rows of one shape belong together, or one row would tell of the other; shapes go to the parts
// round robin, or by their value in a column. Empty: there is nothing to leave out.
std::vector<std::size_t> parts_of(const Samples& samples, const Told& told,
                                  const LeaveOut& leave_out) {
  std::vector<std::size_t> part_of;
  if (!leave_out.column.empty()) {
    std::map<std::string, std::size_t> parts;
    for (const FitRow* row : samples) {
      part_of.push_back(parts.try_emplace(row->group, parts.size()).first->second);
    }
    return parts.size() > 1 ? part_of : std::vector<std::size_t>{};
  }
  const std::size_t folds = std::min(static_cast<std::size_t>(leave_out.folds), told.shapes);
  for (std::size_t i = 0; folds > 1 && i < samples.size(); ++i) {
    part_of.push_back(told.shape_of[i] % folds);
  }
  return part_of;
}

std::string name_of_file(const std::string& path) {
  return path.substr(path.find_last_of('/') + 1);
}

std::string printed(const HardwareProfile& profile, const std::string& key) {
  config::Scenario scenario;
  scenario.hardware = profile;
  return config::find_key("hardware." + key)->print(scenario);
}

}  // namespace

void KernelFit::add(const MeasuredTable& table, const std::string& group_column) {
  const bool sustained = table.has("us_cool") && table.has("us");
  const timing::Clock clock = sustained ? timing::Clock::Sustained : timing::Clock::Cool;
  for (MeasuredKernel& kernel : measured_kernels(table, "", clock)) {
    const std::string family = kernel.seconds ? family_of(table, kernel, sustained) : "";
    if (!family.empty()) {
      const std::string group =
          table.has(group_column) ? table.text(kernel.row, group_column) : std::string{};
      rows_.push_back({std::move(kernel), family, group, clock});
    }
  }
}

FitResult KernelFit::run(const LeaveOut& leave_out) const {
  if (rows_.empty()) {
    throw base::InputError(
        base::Problem{.what = "no row of the tables can be fitted",
                      .remedy = "give tables of kernels, not of single chain operations"});
  }
  FitResult result{base_, {}};
  std::size_t fitted_keys = 0;
  for (const Family& family : families(base_)) {
    Samples samples;
    for (const FitRow& row : rows_) {
      if (row.family == family.name) {
        samples.push_back(&row);
      }
    }
    if (samples.empty()) {
      continue;
    }
    const HardwareProfile before = result.profile;
    const Told told = told_by(before, family, samples);
    FittedPart part;
    part.name = family.name;
    part.rows = samples.size();
    part.shapes = told.shapes;
    part.before = mean_error(before, samples);
    part.unknown = told.unknown;
    result.profile = fitted(before, told.knobs, samples);
    part.after = mean_error(result.profile, samples);
    if (const auto part_of = parts_of(samples, told, leave_out);
        !part_of.empty() && !told.knobs.empty()) {
      part.left_out = left_out_error(before, family, samples, part_of);
    }
    for (const Knob& knob : told.knobs) {
      part.changes.push_back(
          {knob.key, printed(base_, knob.key), printed(result.profile, knob.key)});
    }
    fitted_keys += told.knobs.size();
    result.parts.push_back(std::move(part));
  }
  if (fitted_keys == 0) {
    throw base::InputError(base::Problem{
        .what =
            fmt::format("the {} row{} cannot tell a single constant: too few differ in shape, or "
                        "all that differ answer to the same constants",
                        rows_.size(), rows_.size() == 1 ? "" : "s"),
        .remedy = "measure more shapes, small and large: a fit needs more of them than constants"});
  }
  return result;
}

std::string profile_text(const FitResult& result, const std::string& base,
                         const std::vector<std::string>& tables) {
  std::set<std::string> fitted_keys;
  std::string text = fmt::format(
      "# A hardware profile fitted to measured kernels, from {}.\n# By: "
      "epfleet timing fit",
      name_of_file(base));
  for (const std::string& table : tables) {
    text += " " + name_of_file(table);
  }
  text += "\n# Mean error of the rows of each kind:\n";
  for (const FittedPart& part : result.parts) {
    text += fmt::format("#   {}: {:.1f} % of {} rows", part.name, 100.0 * part.after, part.rows);
    text += part.left_out
                ? fmt::format(", {:.1f} % where they were left out\n", 100.0 * *part.left_out)
                : std::string("\n");
    for (const FittedKey& change : part.changes) {
      fitted_keys.insert(change.key);
    }
  }
  text += "# [fit]: fitted to those; everything else is as in the profile it began from.\n\n";
  const std::string group = "hardware.";
  config::Scenario scenario;
  scenario.hardware = result.profile;
  for (const config::Key& key : config::key_table()) {
    if (key.name.starts_with(group)) {
      const std::string name = key.name.substr(group.size());
      text += fmt::format("{:<43} # {}{}\n", fmt::format("{}: {}", name, key.print(scenario)),
                          key.help, fitted_keys.contains(name) ? " [fit]" : "");
    }
  }
  return text;
}

}  // namespace epfleet::calibration
