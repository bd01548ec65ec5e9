// What the service did for one class of one's own. Requests, latency and objectives are of those
// that arrived in the window, tokens of those that got their last token in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "epfleet/base/time.h"
#include "epfleet/metrics/latency.h"
#include "epfleet/metrics/metric.h"

namespace epfleet::metrics {

// What a class is held to: its own limits, else those of all.
struct ClassObjectives {
  std::string name;
  std::optional<base::Duration> own_ttft{}, own_tpot{};
  std::optional<double> share{};  // of its requests that must keep its own; none: all

  [[nodiscard]] bool has_own() const { return own_ttft || own_tpot; }
};

struct ClassResult {
  ClassObjectives objectives;
  std::int64_t arrived = 0, completed = 0, rejected = 0, failed = 0;
  std::int64_t input_tokens = 0, cached_tokens = 0, output_tokens = 0;
  Distribution ttft, tpot, e2e;
  Measure attainment_ratio, goodput_rps;
  double revenue_usd = 0.0;
};

inline constexpr Row<ClassResult> kClassRows[] = {
    {"arrived", "requests", Kind::Flow, Better::Neither, of<&ClassResult::arrived>,
     "Requests that arrived in the window."},
    {"completed", "requests", Kind::Flow, Better::Neither, of<&ClassResult::completed>,
     "Of the arrived ones, those that got their last token."},
    {"rejected", "requests", Kind::Flow, Better::Less, of<&ClassResult::rejected>,
     "Of the arrived ones, those that were turned away."},
    {"failed", "requests", Kind::Flow, Better::Less, of<&ClassResult::failed>,
     "Of the arrived ones, those that were taken in and not completed."},
    {"input_tokens", "tokens", Kind::Flow, Better::Neither, of<&ClassResult::input_tokens>,
     "Prompts of the requests that got their last token in the window."},
    {"cached_tokens", "tokens", Kind::Flow, Better::Neither, of<&ClassResult::cached_tokens>,
     "Of these, read from the store."},
    {"output_tokens", "tokens", Kind::Flow, Better::Neither, of<&ClassResult::output_tokens>,
     "Answers of the same requests."},
    {"attainment_ratio", "share", Kind::Ratio, Better::More, of<&ClassResult::attainment_ratio>,
     "Requests completed within every limit of the class / (completed + rejected + failed)."},
    {"goodput_rps", "requests/s", Kind::Ratio, Better::More, of<&ClassResult::goodput_rps>,
     "Requests completed within every limit of the class / length of the window."},
    {"revenue_usd", "USD", Kind::Flow, Better::More, of<&ClassResult::revenue_usd>,
     "Its part of the expected revenue: the classes' sum is all of it."},
};

// A row stands for all of kDistributionRows.
struct ClassLatencyRow {
  std::string_view name;
  Distribution ClassResult::* member;
  std::string_view sentence;
};
inline constexpr ClassLatencyRow kClassLatencyRows[] = {
    {"ttft_s", &ClassResult::ttft, "Time to first token."},
    {"tpot_s", &ClassResult::tpot, "Time per output token."},
    {"e2e_s", &ClassResult::e2e, "End to end."},
};

}  // namespace epfleet::metrics
