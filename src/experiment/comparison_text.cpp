// A comparison as text and as a table (declared in comparison.h).
#include <fmt/format.h>

#include <algorithm>

#include "epfleet/base/names.h"
#include "epfleet/experiment/comparison.h"
#include "epfleet/report/human_numbers.h"
#include "epfleet/text/quote.h"

namespace epfleet::experiment {
namespace {

std::string number(double value) { return fmt::format("{:.5g}", value); }

std::string interval(const Estimate& estimate) {
  return estimate.low ? fmt::format("[{:+.4g}, {:+.4g}]", *estimate.low, *estimate.high)
                      : "one seed: no interval";
}

// The difference as a share of the baseline's mean.
std::string share(const ComparedVariant& row) {
  const double baseline = row.value->mean - row.difference->mean;
  return baseline == 0.0 ? "" : fmt::format("{:+.1f} %", row.difference->mean / baseline * 100.0);
}

std::string quoted_row(const ComparedVariant& row) {
  std::string line = report::padded_left(number(row.value->mean), 12);
  if (row.value->low) {
    line += fmt::format(" ±{:<9.3g}", (*row.value->high - *row.value->low) / 2.0);
  } else {
    line += std::string(11, ' ');
  }
  if (row.is_baseline) {
    return line + " baseline";
  }
  if (!row.difference) {
    return line;
  }
  return line + fmt::format(" {} {} {}{}",
                            report::padded_left(fmt::format("{:+.4g}", row.difference->mean), 11),
                            report::padded_left(share(row), 9), interval(*row.difference),
                            row.significant ? " *" : "");
}

// By CaseStatus: why the row has no value.
constexpr base::Names<5> kUnquoted = {
    "nothing measured with a seed that the baseline has, too",
    "unstable: a queue grows over the window; means are not quoted",
    "the lowest value of the search misses the objectives",
    "the highest value of the search meets the objectives",
    "failed",
};

// "a, b and c"
std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  }
  return text;
}

std::string sentences(const ComparedMetric& metric) {
  std::vector<std::string> better, worse, same, unquoted, single;
  for (const ComparedVariant& row : metric.variants) {
    if (row.is_baseline) {
      continue;
    }
    if (!row.difference) {
      unquoted.push_back(row.name);
    } else if (!row.difference->p) {
      single.push_back(row.name);
    } else if (!row.significant) {
      same.push_back(row.name);
    } else {
      const bool more = row.difference->mean > 0.0;
      (more == (metric.better != Better::Less) ? better : worse)
          .push_back(fmt::format("{} ({})", row.name, share(row)));
    }
  }
  const std::string& baseline = metric.baseline;
  const bool judged = metric.better != Better::Neither;
  std::string text;
  const auto say = [&](const std::vector<std::string>& names, const std::string& what) {
    if (!names.empty()) {
      text += fmt::format("{}{}: {}.", text.empty() ? "  " : " ", what, joined(names));
    }
  };
  say(better, fmt::format("Significantly {} than {}", judged ? "better" : "more", baseline));
  say(worse, fmt::format("Significantly {} than {}", judged ? "worse" : "less", baseline));
  constexpr std::size_t kNamed = 6;  // more make no sentence, and the rows name them
  if (same.size() > kNamed) {
    same = {fmt::format("{} variants", same.size())};
  }
  say(same, fmt::format("No significant difference to {}", baseline));
  say(single, "With one seed nothing can be said of chance");
  say(unquoted, "Not judged");
  return text + (text.empty() ? "" : "\n");
}

std::size_t name_width(const ComparedMetric& metric) {
  std::size_t width = 8;
  for (const ComparedVariant& row : metric.variants) {
    width = std::max(width, report::display_width(row.name));
  }
  return std::min<std::size_t>(width, 60);
}

std::string csv_number(const std::optional<double>& value) {
  return value ? fmt::format("{}", *value) : "";
}

// Mean, low and high as three fields.
std::string csv_fields(const std::optional<Estimate>& estimate) {
  return estimate ? fmt::format("{},{},{}", estimate->mean, csv_number(estimate->low),
                                csv_number(estimate->high))
                  : ",,";
}

}  // namespace

std::string comparison_text(const Comparison& comparison, std::size_t most_metrics) {
  std::string text;
  std::size_t names = 0;
  std::string last;
  for (const ComparedMetric& metric : comparison) {
    names += metric.metric != last ? 1 : 0;
    last = metric.metric;
    if (most_metrics > 0 && names > most_metrics) {
      text += "... and more metrics in the table\n";
      break;
    }
    const std::size_t width = name_width(metric);
    text += fmt::format("{}{}", metric.metric, metric.where.empty() ? "" : " at " + metric.where);
    text += metric.better == Better::Neither
                ? "\n"
                : fmt::format(" ({})\n", base::name_in(metrics::kBetterNames, metric.better));
    for (const ComparedVariant& row : metric.variants) {
      text += fmt::format(
          "  {} {}\n", report::padded_right(row.name, width),
          (row.value ? quoted_row(row) : std::string(base::name_in(kUnquoted, row.status))) +
              (row.value && row.failed > 0 ? fmt::format(" ({} more failed)", row.failed) : ""));
    }
    text += sentences(metric) + "\n";
  }
  return text +
         "Differences are between runs of the same seed; ± and [ ] are 95 % intervals "
         "(Student's t).\n"
         "*: significant at 5 % over all comparisons of the metric (Holm).\n";
}

std::string comparison_csv(const Comparison& comparison) {
  std::string csv =
      "metric,where,variant,baseline,status,seeds,mean,mean_low,mean_high,difference,"
      "difference_low,difference_high,p,significant\n";
  for (const ComparedMetric& metric : comparison) {
    for (const ComparedVariant& row : metric.variants) {
      csv += fmt::format(
          "{},{},{},{},{},{},{},{},{},{}\n", metric.metric, text::csv_field(metric.where),
          text::csv_field(row.name), text::csv_field(metric.baseline), name_of(row.status),
          row.seeds, csv_fields(row.value), csv_fields(row.difference),
          row.difference ? csv_number(row.difference->p) : "", row.significant ? 1 : 0);
    }
  }
  return csv;
}

namespace {

// "+38 %" where all is small, "3.1x" where something is large: one notation for an effect and its
// interval.
bool is_large(double ratio) { return ratio >= 2.0 || ratio <= 0.5; }

std::string effect(double ratio, bool large) {
  return large ? fmt::format("{:.2f}x", ratio) : fmt::format("{:+.1f} %", (ratio - 1.0) * 100.0);
}

}  // namespace

std::string claims_text(const std::vector<ClaimFinding>& findings) {
  std::size_t claim_width = 5, says_width = 4;
  for (const ClaimFinding& finding : findings) {
    claim_width = std::max(claim_width, report::display_width(finding.claim.claim));
    says_width = std::max(says_width, report::display_width(finding.claim.says));
  }
  std::string text = fmt::format("{}  {}  {}  {}\n", report::padded_right("claim", claim_width),
                                 report::padded_right("says", says_width),
                                 report::padded_right("model", 8), "95 % interval");
  for (const ClaimFinding& finding : findings) {
    text += fmt::format("{}  {}  ", report::padded_right(finding.claim.claim, claim_width),
                        report::padded_right(finding.claim.says, says_width));
    if (!finding.ratio) {
      text += finding.why_not + "\n";
      continue;
    }
    const Estimate& ratio = *finding.ratio;
    const bool large = is_large(ratio.mean) || is_large(ratio.low.value_or(1.0)) ||
                       is_large(ratio.high.value_or(1.0));
    text += fmt::format(
        "{}  {} ({}, {} seeds)\n", report::padded_right(effect(ratio.mean, large), 8),
        ratio.low ? fmt::format("{} to {}", effect(*ratio.low, large), effect(*ratio.high, large))
                  : "one seed",
        finding.claim.metric, ratio.n);
  }
  return text;
}

std::string claims_csv(const std::vector<ClaimFinding>& findings) {
  std::string csv = "claim,says,case,metric,ratio,ratio_low,ratio_high,seeds,note\n";
  for (const ClaimFinding& finding : findings) {
    csv += fmt::format("{},{},{},{},{},{},{}\n", text::csv_field(finding.claim.claim),
                       text::csv_field(finding.claim.says), text::csv_field(finding.claim.name),
                       finding.claim.metric, csv_fields(finding.ratio),
                       finding.ratio ? finding.ratio->n : 0, finding.why_not);
  }
  return csv;
}

}  // namespace epfleet::experiment
