#include "epfleet/experiment/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "epfleet/base/error.h"
#include "epfleet/report/catalogue.h"

namespace epfleet::experiment {
namespace {

std::size_t failed_seeds(const Variant& variant) {
  return static_cast<std::size_t>(std::ranges::count_if(
      variant.by_seed, [](const auto& seed) { return seed.second.status == CaseStatus::Failed; }));
}

// Worse statuses hide better ones; but a seed that failed has told nothing, and the others count.
CaseStatus worst_status(const Variant& variant) {
  const bool all_failed = failed_seeds(variant) == variant.by_seed.size();
  CaseStatus worst = all_failed ? CaseStatus::Failed : CaseStatus::Ok;
  for (const auto& [seed, seen] : variant.by_seed) {
    worst = seen.status == CaseStatus::Failed ? worst : std::max(worst, seen.status);
  }
  return worst;
}

// Values of both for the seeds that both have measured.
struct Pairs {
  std::vector<double> own, baseline;
};

Pairs pairs_of(const Variant& variant, const Variant& baseline, const std::string& metric) {
  Pairs pairs;
  for (const auto& [seed, seen] : variant.by_seed) {
    const auto other = baseline.by_seed.find(seed);
    if (other == baseline.by_seed.end()) {
      continue;
    }
    const auto own_value = seen.values.find(metric);
    const auto other_value = other->second.values.find(metric);
    if (own_value != seen.values.end() && other_value != other->second.values.end()) {
      pairs.own.push_back(own_value->second);
      pairs.baseline.push_back(other_value->second);
    }
  }
  return pairs;
}

ComparedVariant compared(const Variant& variant, const Variant& baseline,
                         const std::string& metric) {
  ComparedVariant row;
  row.name = variant.name;
  row.is_baseline = &variant == &baseline;
  row.status = worst_status(variant);
  row.failed = failed_seeds(variant);
  const Pairs pairs = pairs_of(variant, baseline, metric);
  row.seeds = pairs.own.size();
  if (row.status != CaseStatus::Ok || pairs.own.empty()) {
    return row;
  }
  row.value = estimate(pairs.own);
  if (!row.is_baseline && worst_status(baseline) == CaseStatus::Ok) {
    row.difference = paired_difference(pairs.own, pairs.baseline);
  }
  return row;
}

ComparedMetric compared_metric(const Variants& variants, const Group& group,
                               const std::string& metric) {
  const Variant& baseline = variants.variants[group.baseline];
  ComparedMetric result{metric, group.where, baseline.name, better_of(metric), {}};
  std::vector<std::optional<double>> p;
  for (const std::size_t member : group.members) {
    result.variants.push_back(compared(variants.variants[member], baseline, metric));
    const auto& difference = result.variants.back().difference;
    p.push_back(difference ? difference->p : std::nullopt);
  }
  const std::vector<bool> significant = holm_significant(p);
  for (std::size_t i = 0; i < p.size(); ++i) {
    result.variants[i].significant = significant[i];
  }
  const double sign = result.better == Better::Less ? 1.0 : -1.0;
  std::stable_sort(result.variants.begin(), result.variants.end(),
                   [&](const ComparedVariant& a, const ComparedVariant& b) {
                     if (!a.value || !b.value) {
                       return a.value.has_value() && !b.value.has_value();
                     }
                     return sign * a.value->mean < sign * b.value->mean;
                   });
  return result;
}

bool is_value(const Variant& variant, const Setting& setting) {
  const auto found = variant.keys.find(setting.key);
  std::string text = setting.text;
  std::erase(text, '"');
  return found != variant.keys.end() && found->second == text;
}

// The keys but those of the baseline, as one text.
std::string other_keys(const Variant& variant, const std::vector<Setting>& settings) {
  std::string text;
  for (const auto& [key, value] : variant.keys) {
    if (std::ranges::none_of(settings, [&, &k = key](const auto& s) { return s.key == k; })) {
      text += fmt::format("{}{}={}", text.empty() ? "" : ", ", key, value);
    }
  }
  return text;
}

base::InputError no_baseline(const Variants& variants) {
  const auto names = std::views::transform(variants.variants, &Variant::name);
  return base::InputError({.key = "baseline",
                           .what = "is none of what is compared",
                           .remedy = fmt::format("choose from: {}", fmt::join(names, "; "))});
}

std::vector<Group> groups_by_keys(const Variants& variants, const std::vector<Setting>& settings) {
  std::vector<Group> groups;
  for (std::size_t i = 0; i < variants.variants.size(); ++i) {
    const std::string where = other_keys(variants.variants[i], settings);
    auto group = std::ranges::find_if(groups, [&](const Group& g) { return g.where == where; });
    if (group == groups.end()) {
      groups.push_back({where, {}, variants.variants.size()});
      group = groups.end() - 1;
    }
    group->members.push_back(i);
    if (std::ranges::all_of(settings,
                            [&](const auto& s) { return is_value(variants.variants[i], s); })) {
      group->baseline = i;
    }
  }
  std::erase_if(groups, [&](const Group& g) { return g.baseline == variants.variants.size(); });
  return groups;
}

}  // namespace

Better better_of(std::string_view metric) {
  if (metric == "search.workload.rate_scale") {  // a sweep's own: the load that is just served
    return Better::More;
  }
  const report::Metric* found = report::find_metric(metric);
  return found == nullptr ? Better::Neither : found->better;
}

Comparison compare(const Variants& variants, const std::vector<Group>& groups) {
  Comparison comparison;
  for (const std::string& metric : variants.metrics) {
    for (const Group& group : groups) {
      comparison.push_back(compared_metric(variants, group, metric));
    }
  }
  return comparison;
}

std::vector<Group> groups_of(const Variants& variants, const SweepCase& baseline) {
  if (!baseline.settings.empty()) {
    std::vector<Group> groups = groups_by_keys(variants, baseline.settings);
    return groups.empty() ? throw no_baseline(variants) : groups;
  }
  Group all;
  all.baseline = variants.variants.size();
  for (std::size_t i = variants.variants.size(); i-- > 0;) {
    const Variant& variant = variants.variants[i];
    all.members.insert(all.members.begin(), i);
    if (baseline.name.empty() || variant.name == baseline.name || variant.folder == baseline.name ||
        variant.case_id == baseline.name) {
      all.baseline = i;
    }
  }
  return all.baseline == variants.variants.size() ? throw no_baseline(variants)
                                                  : std::vector<Group>{all};
}

namespace {

std::string why_not_quoted(const Variant& variant) {
  switch (worst_status(variant)) {
    case CaseStatus::Below:
      return fmt::format("{}: even the lowest value searched misses the objectives", variant.name);
    case CaseStatus::Above:
      return fmt::format("{}: even the highest value searched meets the objectives", variant.name);
    default:
      return fmt::format("{}: {}", variant.name, experiment::name_of(worst_status(variant)));
  }
}

}  // namespace

std::vector<ClaimFinding> find_claims(const Variants& variants,
                                      const std::vector<SweepClaim>& claims, const Group& group) {
  const auto named = [&](const std::string& name) {
    const auto found = std::ranges::find_if(
        variants.variants, [&](const Variant& variant) { return variant.name == name; });
    return found == variants.variants.end() ? nullptr : &*found;
  };
  std::vector<ClaimFinding> findings;
  for (const SweepClaim& claim : claims) {
    ClaimFinding finding{claim, std::nullopt, ""};
    const Variant* base =
        claim.over.empty() ? &variants.variants[group.baseline] : named(claim.over);
    const Variant* without = named(claim.name);
    const bool measured = base != nullptr && without != nullptr;
    const Pairs pairs = measured ? pairs_of(*base, *without, claim.metric) : Pairs{};
    const auto unfit = [](double value) { return value <= 0.0; };
    if (measured && std::max(worst_status(*without), worst_status(*base)) != CaseStatus::Ok) {
      const Variant& worse = worst_status(*without) >= worst_status(*base) ? *without : *base;
      finding.why_not = why_not_quoted(worse);
    } else if (pairs.own.empty()) {
      finding.why_not = "nothing measured";
    } else if (std::ranges::any_of(pairs.own, unfit) ||
               std::ranges::any_of(pairs.baseline, unfit)) {
      finding.why_not = "not a positive number";
    } else {
      finding.ratio = paired_ratio(pairs.own, pairs.baseline);
    }
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace epfleet::experiment
