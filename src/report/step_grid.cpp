// Steps of many batches, one table a quantity.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "epfleet/report/human_numbers.h"
#include "epfleet/report/step_report.h"
#include "epfleet/text/parse.h"
#include "terminal_canvas.h"

namespace epfleet::report {
namespace {

constexpr std::size_t kName = 30, kValue = 11, kMarks = 2;
constexpr std::size_t kCorner = 10;  // of the name: what the columns are

using Quantity = std::function<std::string(const StepReport&)>;

// What a cell is not to be taken at its word for.
std::string marks_of(const StepReport& r) {
  const std::string marks = std::string(r.warnings.empty() ? "" : "!") +
                            (r.anatomy.outside_calibration.empty() ? "" : "~");
  return padded_right(marks, kMarks);
}

class Grid {
 public:
  Grid(std::span<const StepReport> reports, const TerminalStyle& style)
      : reports_(reports), canvas_(style) {
    for (const StepReport& report : reports) {
      if (report.per_gpu != reports.front().per_gpu) {
        break;
      }
      columns_.push_back(report.tokens);
    }
  }

  void head() {
    const StepReport& r = reports_.front();
    canvas_.title(
        fmt::format("{} steps   EP{}, {} redundant experts, {}", r.decode ? "decode" : "prefill",
                    r.gpus, r.redundant_experts, r.expert_precision),
        r.clock + " clock");
  }

  // Side by side as many columns as fit.
  void table(std::string_view what, const Quantity& quantity) {
    const std::size_t fit = std::max<std::size_t>(1, (canvas_.width() - kName) / (kValue + kMarks));
    for (std::size_t from = 0; from < columns_.size(); from += fit) {
      table(what, quantity, from, std::min(columns_.size(), from + fit));
    }
  }

  // Every warning once; the marks say which cells have one.
  void remarks() {
    bool limits = false;
    std::set<std::string> outside;
    for (const StepReport& report : reports_) {
      limits = limits || !report.warnings.empty();
      outside.insert(report.anatomy.outside_calibration.begin(),
                     report.anatomy.outside_calibration.end());
    }
    if (limits) {
      canvas_.warning(
          "beyond what such a unit admits (KV memory, requests or tokens of a GPU): ask for that "
          "batch alone to see why");
    }
    for (const std::string& range : outside) {
      canvas_.note("~ extrapolated: " + range);
    }
  }

  [[nodiscard]] const std::string& text() const { return canvas_.text(); }

 private:
  void table(std::string_view what, const Quantity& quantity, std::size_t from, std::size_t to) {
    const bool decode = reports_.front().decode;
    std::string line = padded_right(" " + canvas_.painted(what, Ink::Accent), kName - kCorner);
    line += canvas_.painted(padded_left(decode ? "context" : "prompt", kCorner), Ink::Dim);
    for (std::size_t column = from; column < to; ++column) {
      const std::string name = grouped_whole(columns_[column]);
      line += canvas_.painted(padded_left(name, kValue), Ink::Dim) + std::string(kMarks, ' ');
    }
    canvas_.raw(text::trimmed_end(line));
    for (std::size_t first = 0; first < reports_.size(); first += columns_.size()) {
      line = padded_right(fmt::format("  {} {} a GPU", grouped_whole(reports_[first].per_gpu),
                                      decode ? "requests" : "tokens"),
                          kName);
      for (std::size_t i = first + from; i < first + to; ++i) {
        line += padded_left(quantity(reports_[i]), kValue) + marks_of(reports_[i]);
      }
      canvas_.raw(text::trimmed_end(line));
    }
  }

  std::span<const StepReport> reports_;
  std::vector<std::int64_t> columns_;
  Canvas canvas_;
};

}  // namespace

std::string step_grid(std::span<const StepReport> reports, const TerminalStyle& style) {
  Grid grid(reports, style);
  grid.head();
  grid.table("step, ms",
             [](const StepReport& r) { return fmt::format("{:.1f}", r.anatomy.step_s * 1e3); });
  grid.table("tokens/s a node",
             [](const StepReport& r) { return grouped(r.tokens_per_s_per_node()); });
  if (reports.front().decode) {
    grid.table("tokens/s a request", [](const StepReport& r) {
      return fmt::format("{:.1f}", r.tokens_per_s_request.value_or(0.0));
    });
  }
  grid.table("layer, ms",
             [](const StepReport& r) { return fmt::format("{:.3f}", r.anatomy.layer_s * 1e3); });
  if (std::ranges::any_of(reports, [](const StepReport& r) { return r.overlap(); })) {
    grid.table("barriers cost",
               [](const StepReport& r) { return human_percent(r.anatomy.gap_ratio()); });
  }
  grid.remarks();
  return grid.text();
}

}  // namespace epfleet::report
