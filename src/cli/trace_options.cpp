// trace and its subcommands on the command line.
#include <CLI/CLI.hpp>
#include <memory>

#include "commands.h"
#include "trace_command.h"

namespace epfleet::cli {
namespace {

// `carry_out` is what the command does with its request.
template <class Request>
void when_asked_for(CLI::App& command, Chosen& chosen, std::shared_ptr<Request> request,
                    void (*carry_out)(const Request&)) {
  command.callback([&chosen, request, carry_out] {
    chosen = [request, carry_out] {
      carry_out(*request);
      return int{kDone};
    };
  });
}

void add_stat(CLI::App& trace, Chosen& chosen) {
  auto request = std::make_shared<TraceStatRequest>();
  CLI::App& stat = *trace.add_subcommand("stat", "Counts, rates, lengths, and what a cache hits");
  stat.add_option("TRACE", request->trace, "Trace file")->required();
  stat.add_flag("--json", request->json, "As JSON");
  stat.add_flag("--lenient", request->lenient, "Skip and count wrong lines");
  stat.add_option("--capacity", request->capacities, "LRU stores to ask for, tokens")->take_all();
  stat.add_option("--ttl", request->ttls, "TTLs to ask for, e.g. '20 min'")->take_all();
  stat.add_option("--block", request->block_tokens, "Tokens of a block id, if unusual")
      ->check(CLI::PositiveNumber);
  stat.add_option(
          "--reuse-blocks", request->reuse_blocks,
          "Distinct blocks after which hits are no longer counted: what the memory holds, at "
          "about 110 bytes each")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  stat.add_flag("!--no-reuse", request->reuse, "No hit ratios");
  when_asked_for(stat, chosen, request, trace_stat);
}

void add_convert(CLI::App& trace, Chosen& chosen) {
  auto request = std::make_shared<TraceConvertRequest>();
  CLI::App& convert =
      *trace.add_subcommand("convert", "Write a trace as epfleet's CSV or Mooncake's JSONL");
  convert.add_option("IN", request->in, "Trace file")->required();
  convert
      .add_option("OUT", request->out,
                  "New file: .jsonl (Mooncake) or anything else (CSV), then perhaps .zst or .gz")
      ->required();
  convert.add_flag("--lenient", request->lenient, "Skip and count wrong lines");
  convert.add_option("--block", request->block_tokens, "Tokens of a block id, if unusual")
      ->check(CLI::PositiveNumber);
  when_asked_for(convert, chosen, request, trace_convert);
}

void add_make(CLI::App& trace, Chosen& chosen) {
  auto request = std::make_shared<TraceMakeRequest>();
  CLI::App& make = *trace.add_subcommand("make", "Write the requests of a scenario as a trace");
  make.add_option("--scenario", request->scenario, "Scenario file (YAML)")->required();
  make.add_option("OUT", request->out, "New trace file (CSV; .zst or .gz: compressed)")->required();
  add_overrides(make, request->overrides);
  make.add_option("--seed", request->seed, "Override the scenario's seed");
  make.add_option("--until", request->until, "Only this much of the window, e.g. '2 h'");
  when_asked_for(make, chosen, request, trace_make);
}

}  // namespace

void add_trace(CLI::App& app, Chosen& chosen) {
  CLI::App& trace = *app.add_subcommand("trace", "Look at request traces");
  trace.require_subcommand(1);
  add_stat(trace, chosen);
  add_convert(trace, chosen);
  add_make(trace, chosen);
}

}  // namespace epfleet::cli
