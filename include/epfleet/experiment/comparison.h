// Variants against a baseline, metric by metric: paired by seed, with 95 % intervals, ranked, and
// what is significant in plain sentences.
// A variant that was unstable with any seed is marked and its means are not quoted: they depend on
// how long was simulated. Which way is better is part of a metric's row; where it is neither,
// variants are ranked by size and none is called better.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "epfleet/experiment/estimate.h"
#include "epfleet/experiment/sweep_file.h"
#include "epfleet/experiment/variants.h"
#include "epfleet/metrics/metric.h"

namespace epfleet::experiment {

using metrics::Better;
[[nodiscard]] Better better_of(std::string_view metric);

struct ComparedVariant {
  std::string name;
  bool is_baseline = false;
  CaseStatus status = CaseStatus::Ok;  // the worst of its seeds that did not fail, if any
  std::size_t seeds = 0;               // that it shares with the baseline
  std::size_t failed = 0;              // seeds that it lacks because they failed
  std::optional<Estimate> value;       // not quoted: none
  std::optional<Estimate> difference;  // to the baseline, pair by pair
  bool significant = false;            // at 5 % over all variants of the metric (Holm)
};

struct ComparedMetric {
  std::string metric;
  std::string where;     // what all its variants share; empty: nothing
  std::string baseline;  // name
  Better better = Better::Neither;
  std::vector<ComparedVariant> variants;  // best first; those not quoted last
};

using Comparison = std::vector<ComparedMetric>;

// Variants that are compared with one baseline.
struct Group {
  std::string where;
  std::vector<std::size_t> members;  // the baseline too
  std::size_t baseline = 0;
};

// What a sweep's baseline, or --baseline, means. A name, a folder or a case id is one variant, and
// all are compared with it. Values of some keys: variants are grouped by all other keys, and each
// group has its own baseline. Nothing: the first variant. Throws InputError with the names when
// there is no such variant.
[[nodiscard]] std::vector<Group> groups_of(const Variants& variants, const SweepCase& baseline);

[[nodiscard]] Comparison compare(const Variants& variants, const std::vector<Group>& groups);

// A claim beside what was found: baseline / case in a metric.
struct ClaimFinding {
  SweepClaim claim;
  std::optional<Estimate> ratio;
  std::string why_not;  // no ratio: in words
};
[[nodiscard]] std::vector<ClaimFinding> find_claims(const Variants& variants,
                                                    const std::vector<SweepClaim>& claims,
                                                    const Group& group);

// For the terminal, and as a table: metric, variant, seeds, mean, difference, its interval, p, ...
// `most_metrics`: 0 for all.
[[nodiscard]] std::string comparison_text(const Comparison& comparison, std::size_t most_metrics);
[[nodiscard]] std::string comparison_csv(const Comparison& comparison);
[[nodiscard]] std::string claims_text(const std::vector<ClaimFinding>& findings);
[[nodiscard]] std::string claims_csv(const std::vector<ClaimFinding>& findings);

}  // namespace epfleet::experiment
