#include "timing_command.h"

#include <fmt/format.h>

#include <cstdio>
#include <span>

#include "commands.h"
#include "epfleet/base/log.h"
#include "epfleet/config/loader.h"
#include "epfleet/experiment/price_step.h"
#include "epfleet/report/step_report.h"
#include "epfleet/text/files.h"
#include "epfleet/text/parse.h"
#include "epfleet/timing/calibrated_range.h"

namespace epfleet::cli {
namespace {

constexpr std::int64_t kMost = std::int64_t{1} << 30;
constexpr std::int64_t kKilo = 1024;               // of contexts and prompts, as the field counts
constexpr std::int64_t kProfileTokens = 4 * 1024;  // DeepSeek's profiles: contexts and prompts

struct StepRequest {
  bool decode = true;
  std::string scenario;
  std::vector<std::string> overrides;  // PATH=VALUE
  // Numbers of tokens or requests, several for a table: "32,64,128", "1k,4k"; empty: the default.
  std::vector<std::string> per_gpu;  // decode: requests; prefill: tokens
  std::vector<std::string> tokens;   // decode: context; prefill: prompt
  timing::Clock clock = timing::Clock::Sustained;
  bool json = false;
  std::string timeline;  // file; empty: none
};

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
  text::replace_file(path, report::step_timeline(step));
  base::log_info(fmt::format("the timeline is in {}; ui.perfetto.dev opens it", path));
}

void show_steps(const StepRequest& request, std::span<const report::StepReport> reports) {
  const bool several = reports.size() > 1;
  if (request.json) {
    fmt::print("{}", several ? report::steps_json(reports) : report::step_json(reports.front()));
  } else {
    const report::TerminalStyle style = report::terminal_style(stdout);
    cli::show(several ? report::step_grid(reports, style)
                      : report::step_text(reports.front(), style));
  }
}

// A table has marks and notes; a script that reads JSON gets this line.
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

void step_command(const StepRequest& request) {
  if (!request.timeline.empty() && (request.per_gpu.size() > 1 || request.tokens.size() > 1)) {
    throw wrong_option("--timeline", "a timeline shows one step, not a table of them",
                       fmt::format("give one value of {} and {}", per_gpu_option(request),
                                   tokens_option(request)));
  }
  text::refuse_as_output(request.timeline, {request.scenario});
  const std::vector<report::StepReport> reports = price(request);
  if (!request.timeline.empty()) {
    write_timeline(request.timeline, reports.front());
  }
  show_steps(request, reports);
  warn(request, reports);
}

struct StepWords {
  const char *per_gpu, *per_gpu_help;
  const char *tokens, *tokens_help;
};

void add_step(Command command, bool decode, const StepWords& words, Chosen& chosen) {
  auto request = std::make_shared<StepRequest>();
  request->decode = decode;
  command.add_option("--scenario", request->scenario, "Scenario file (YAML)").required();
  command.add_option(words.per_gpu, request->per_gpu, words.per_gpu_help).split_at(',').one_each();
  command.add_option(words.tokens, request->tokens, words.tokens_help).split_at(',').one_each();
  add_overrides(command, request->overrides);
  command.add_choice<timing::Clock>(
      "--clock", request->clock, "Clock of a busy or of a cool chip",
      {{"sustained", timing::Clock::Sustained}, {"cool", timing::Clock::Cool}});
  command.add_option("--timeline", request->timeline,
                     "Write the step as Chrome trace events to this file (ui.perfetto.dev)");
  command.add_flag("--json", request->json, "Print JSON instead of a page; of a table a list");
  when_chosen(command, chosen, request, step_command);
}

}  // namespace

std::int64_t parse_count(const std::string& option, const std::string& text) {
  const bool kilo = text.ends_with('k') || text.ends_with('K');
  const std::string digits = kilo ? text.substr(0, text.size() - 1) : text;
  const auto wrong = [&](const char* what) {
    return wrong_option(option, fmt::format("'{}' {}", text, what),
                        "give whole numbers from 1, such as 128 or 4k (4,096), "
                        "several for a table: 1k,4k,16k");
  };
  if (!text::is_digits(digits) || digits.size() > 10) {
    throw wrong("is not a number of requests or tokens");
  }
  const std::int64_t value = *text::parse_whole<std::int64_t>(digits) * (kilo ? kKilo : 1);
  if (value < 1) {
    throw wrong("is no step: there must be at least one");
  }
  if (value > kMost) {
    throw wrong("is more than 2^30");
  }
  return value;
}

void add_timing(Command app, Chosen& chosen) {
  const Command timing = app.add_subcommand("timing", "Price single steps: where the time goes");
  timing.needs_subcommand();
  add_step(timing.add_subcommand("decode", "Price a decode step"), true,
           {"--requests-per-gpu",
            "Requests on every GPU; several, as 32,64,128, make a table (default: as many as the "
            "scenario admits)",
            "--context", "Tokens of context of every request; 4k is 4,096 (default: 4k)"},
           chosen);
  add_step(timing.add_subcommand("prefill", "Price a prefill step"), false,
           {"--tokens-per-gpu",
            "New tokens of every GPU; several, as 4k,16k, make a table (default: "
            "prefill.max_tokens_per_gpu)",
            "--prompt", "Tokens of every prompt; 4k is 4,096 (default: 4k)"},
           chosen);
  add_timing_kernels(timing, chosen);
  add_timing_fit(timing, chosen);
}

}  // namespace epfleet::cli
