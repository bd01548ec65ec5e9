// timing and its subcommands on the command line.
#include <CLI/CLI.hpp>
#include <memory>

#include "commands.h"
#include "timing_command.h"
#include "timing_kernels_command.h"

namespace epfleet::cli {
namespace {

struct StepWords {
  const char *per_gpu, *per_gpu_help;
  const char *tokens, *tokens_help;
};

void add_step(CLI::App& command, bool decode, const StepWords& words, Chosen& chosen) {
  auto request = std::make_shared<StepRequest>();
  request->decode = decode;
  command.add_option("--scenario", request->scenario, "Scenario file (YAML)")->required();
  command.add_option(words.per_gpu, request->per_gpu, words.per_gpu_help)
      ->delimiter(',')
      ->allow_extra_args(false);
  command.add_option(words.tokens, request->tokens, words.tokens_help)
      ->delimiter(',')
      ->allow_extra_args(false);
  add_overrides(command, request->overrides);
  command.add_option("--clock", request->clock, "Clock of a busy or of a cool chip")
      ->transform(one_of<timing::Clock>(
          {{"sustained", timing::Clock::Sustained}, {"cool", timing::Clock::Cool}}));
  command.add_option("--timeline", request->timeline,
                     "Write the step as Chrome trace events to this file (ui.perfetto.dev)");
  command.add_flag("--json", request->json, "Print JSON instead of a page; of a table a list");
  command.callback([&chosen, request] {
    chosen = [request] {
      step_command(*request);
      return int{kDone};
    };
  });
}

}  // namespace

void add_timing(CLI::App& app, Chosen& chosen) {
  CLI::App& timing = *app.add_subcommand("timing", "Price single steps: where the time goes");
  timing.require_subcommand(1);
  add_step(*timing.add_subcommand("decode", "Price a decode step"), true,
           {"--requests-per-gpu",
            "Requests on every GPU; several, as 32,64,128, make a table (default: as many as the "
            "scenario admits)",
            "--context", "Tokens of context of every request; 4k is 4,096 (default: 4k)"},
           chosen);
  add_step(*timing.add_subcommand("prefill", "Price a prefill step"), false,
           {"--tokens-per-gpu",
            "New tokens of every GPU; several, as 4k,16k, make a table (default: "
            "prefill.max_tokens_per_gpu)",
            "--prompt", "Tokens of every prompt; 4k is 4,096 (default: 4k)"},
           chosen);
  add_timing_kernels(timing, chosen);
  add_timing_fit(timing, chosen);
}

}  // namespace epfleet::cli
