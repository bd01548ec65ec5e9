#include "timing_command.h"

#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <span>

#include "epfleet/base/error.h"
#include "epfleet/base/log.h"
#include "epfleet/config/loader.h"
#include "epfleet/experiment/price_step.h"
#include "epfleet/report/step_report.h"
#include "epfleet/text/files.h"
#include "epfleet/timing/calibrated_range.h"

namespace epfleet::cli {
namespace {

constexpr std::int64_t kMost = std::int64_t{1} << 30;
constexpr std::int64_t kKilo = 1024;               // of contexts and prompts, as the field counts
constexpr std::int64_t kProfileTokens = 4 * 1024;  // DeepSeek's profiles: contexts and prompts

const char* per_gpu_option(const StepRequest& request) {
  return request.decode ? "--requests-per-gpu" : "--tokens-per-gpu";
}

const char* tokens_option(const StepRequest& request) {
  return request.decode ? "--context" : "--prompt";
}

std::vector<std::int64_t> counts(const char* option, const std::vector<std::string>& texts,
                                 std::int64_t otherwise) {
  std::vector<std::int64_t> values;
  for (const std::string& text : texts) {
    values.push_back(parse_count(option, text));
  }
  return values.empty() ? std::vector{otherwise} : values;
}

std::vector<report::StepReport> price(const StepRequest& request) {
  const std::int64_t one_step = 1;
  // Before the scenario: a mistake on the command line shows at once.
  auto per_gpu = counts(per_gpu_option(request), request.per_gpu, one_step);
  const auto tokens = counts(tokens_option(request), request.tokens, kProfileTokens);
  const config::Scenario scenario = config::load_scenario(request.scenario, request.overrides);
  if (request.per_gpu.empty()) {
    per_gpu = {request.decode ? cluster::max_requests_per_gpu(scenario)
                              : scenario.prefill.max_tokens_per_gpu.count()};
  }
  const experiment::StepPricer step = request.decode
                                          ? experiment::decode_steps(scenario, request.clock)
                                          : experiment::prefill_steps(scenario, request.clock);
  std::vector<report::StepReport> reports;
  for (const std::int64_t n : per_gpu) {
    for (const std::int64_t length : tokens) {
      reports.push_back(step(n, length));
    }
  }
  return reports;
}

void write_timeline(const std::string& path, const report::StepReport& step) {
  text::write_file(path, report::step_timeline(step));
  base::log_info(fmt::format("the timeline is in {}; ui.perfetto.dev opens it", path));
}

void show(const StepRequest& request, std::span<const report::StepReport> reports) {
  const bool several = reports.size() > 1;
  if (request.json) {
    fmt::print("{}", several ? report::steps_json(reports) : report::step_json(reports.front()));
  } else {
    const report::TerminalStyle style = report::terminal_style(stdout);
    fmt::print("{}", several ? report::step_grid(reports, style)
                             : report::step_text(reports.front(), style));
  }
}

// Of a table the marks and notes tell; a script that reads JSON is told here.
void warn(const StepRequest& request, std::span<const report::StepReport> reports) {
  std::size_t outside = 0;
  for (const report::StepReport& report : reports) {
    outside += report.anatomy.outside_calibration.empty() ? 0 : 1;
  }
  if (request.json && outside > 0) {
    base::log_warning(fmt::format(
        "{} of {} steps are priced outside the calibrated ranges ({})", outside, reports.size(),
        request.decode ? timing::decode_ranges() : timing::prefill_ranges()));
  }
}

}  // namespace

std::int64_t parse_count(const std::string& option, const std::string& text) {
  const bool kilo = text.ends_with('k') || text.ends_with('K');
  const std::string digits = kilo ? text.substr(0, text.size() - 1) : text;
  const auto wrong = [&](const char* what) {
    return base::InputError({.key = option,
                             .what = fmt::format("'{}' {}", text, what),
                             .remedy = "give whole numbers from 1, such as 128 or 4k (4,096), "
                                       "several for a table: 1k,4k,16k"});
  };
  if (digits.empty() || digits.size() > 10 ||
      digits.find_first_not_of("0123456789") != std::string::npos) {
    throw wrong("is not a number of requests or tokens");
  }
  const std::int64_t value = std::stoll(digits) * (kilo ? kKilo : 1);
  if (value < 1) {
    throw wrong("is no step: there must be at least one");
  }
  if (value > kMost) {
    throw wrong("is more than 2^30");
  }
  return value;
}

void step_command(const StepRequest& request) {
  if (!request.timeline.empty() && (request.per_gpu.size() > 1 || request.tokens.size() > 1)) {
    throw base::InputError(
        {.key = "--timeline",
         .what = "a timeline shows one step, not a table of them",
         .remedy = fmt::format("give one value of {} and {}", per_gpu_option(request),
                               tokens_option(request))});
  }
  const std::vector<report::StepReport> reports = price(request);
  if (!request.timeline.empty()) {
    write_timeline(request.timeline, reports.front());
  }
  show(request, reports);
  warn(request, reports);
}

}  // namespace epfleet::cli
