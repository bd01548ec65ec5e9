// `epfleet init`: a commented scenario for one's own rate, lengths, GPUs and objectives. Takes the
// spellings of other tools, too.
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "commands.h"
#include "epfleet/base/log.h"
#include "epfleet/config/loader.h"
#include "epfleet/config/value.h"
#include "epfleet/experiment/fleet_size.h"
#include "epfleet/report/human_numbers.h"
#include "epfleet/text/files.h"
#include "epfleet/text/parse.h"

namespace epfleet::cli {
namespace {

using config::Dimension;

struct InitRequest {
  std::string file;
  std::string rate;  // per second; "400/s" or "400"
  double input = 4000.0, output = 1000.0;
  std::string hit_ratio = "50 %";
  std::optional<std::int64_t> concurrency, requests;
  std::optional<double> burstiness;
  std::optional<std::int64_t> nodes, gpus, prefill_units, decode_units, decode_gpus, batch;
  std::string hardware = "h800";
  std::string ttft = "5 s", tpot = "50 ms";
  std::vector<std::string> goodput;
  std::string gpu_price = "2 USD/h";
  bool force = false;
};

constexpr double kCv = 1.0;  // of the lengths; a choice

double number_of(const std::string& option, Dimension dimension, const std::string& text) {
  const auto parsed = config::parse_real(dimension, text);
  if (!parsed) {
    throw wrong_option(option, fmt::format("'{}' {}", text, parsed.error().what),
                       parsed.error().remedy);
  }
  return *parsed;
}

// "400/s" as a scenario has it, or "400" as bench scripts do.
std::optional<double> rate_of(const InitRequest& request) {
  if (request.rate.empty()) {
    return std::nullopt;
  }
  const auto bare = text::parse_number(request.rate);
  const double rate = bare ? *bare : number_of("--rate", Dimension::Rate, request.rate);
  if (!(rate > 0.0)) {
    throw wrong_option("--rate", fmt::format("'{}' is not above 0", request.rate),
                       "for example --rate 400/s");
  }
  return rate;
}

// `--goodput ttft:2000 tpot:50`, milliseconds, as vLLM's bench takes it.
void take_goodput(InitRequest& request) {
  for (const std::string& text : request.goodput) {
    const std::size_t colon = text.find(':');
    const auto ms =
        colon == std::string::npos ? std::nullopt : text::parse_number(text.substr(colon + 1));
    const std::string name = text.substr(0, colon);
    if (!ms || (name != "ttft" && name != "tpot")) {
      throw wrong_option("--goodput", fmt::format("'{}' is not ttft:MS or tpot:MS", text),
                         "for example --goodput ttft:2000 tpot:50; of e2el, ask a plan with "
                         "--limit 'latency.e2e_s.p99<=SECONDS'");
    }
    (name == "ttft" ? request.ttft : request.tpot) = fmt::format("{:g} ms", *ms);
  }
}

// The parts of the scenario that its size depends on.
config::Scenario service_of(const InitRequest& request) {
  config::Scenario scenario = config::default_scenario();
  scenario.hardware = config::load_hardware(request.hardware);
  scenario.prefill_hardware = scenario.decode_hardware = scenario.hardware;
  scenario.slo.tpot.limit =
      base::duration_from_seconds(number_of("--tpot", Dimension::Duration, request.tpot));
  (void)number_of("--ttft", Dimension::Duration, request.ttft);
  (void)number_of("--gpu-price", Dimension::GpuPrice, request.gpu_price);
  if (request.decode_gpus) {
    scenario.decode.gpus = *request.decode_gpus;
  }
  scenario.decode.max_requests_per_gpu = request.batch;
  return scenario;
}

experiment::PlainTraffic traffic_of(const InitRequest& request) {
  experiment::PlainTraffic traffic{request.input, request.output, kCv, 0.0, rate_of(request)};
  traffic.hit_ratio = number_of("--hit-ratio", Dimension::Share, request.hit_ratio);
  if (!(request.input >= 1.0) || !(request.output >= 1.0)) {
    throw wrong_option("--input, --output", "a request has at least one token of both",
                       "for example --input 4000 --output 1000");
  }
  if (!(traffic.hit_ratio >= 0.0 && traffic.hit_ratio < 1.0)) {
    throw wrong_option("--hit-ratio",
                       fmt::format("'{}' is not from 0 to below 1", request.hit_ratio),
                       "for example --hit-ratio '50 %'");
  }
  return traffic;
}

std::optional<std::int64_t> nodes_of(const InitRequest& request, std::int64_t gpus_per_node) {
  return request.gpus ? std::optional(*request.gpus / gpus_per_node) : request.nodes;
}

// Given units, or as many as the traffic needs or the nodes make.
experiment::FleetSize sized(const InitRequest& request, const config::Scenario& scenario,
                            experiment::PlainTraffic& traffic) {
  const auto nodes = nodes_of(request, scenario.hardware.gpus_per_node);
  if (!traffic.rate && !nodes) {
    traffic.rate = 100.0;
  }
  const auto size =
      experiment::size_fleet(scenario, traffic, nodes, request.decode_gpus.has_value());
  if (!size) {
    throw wrong_option(nodes ? "--nodes" : "--input",
                       nodes
                           ? fmt::format("{} nodes do not hold a prefill and a decode unit", *nodes)
                           : "such a request does not fit into the memory of a GPU",
                       nodes ? "give at least 6 nodes of H800, or a GPU with more memory"
                             : "give shorter lengths, or a GPU with more memory");
  }
  return *size;
}

std::string rate_text(double rate) { return fmt::format("{:.4g}/s", rate); }

// Down to two digits: what the nodes carry is no exact number.
double rounded_down(double rate) {
  double unit = 1.0;
  for (; unit * 100.0 <= rate; unit *= 10.0) {
  }
  for (; unit * 10.0 > rate; unit /= 10.0) {
  }
  return std::floor(rate / unit + 1e-9) * unit;
}

std::string scenario_text(const InitRequest& request, const config::Scenario& scenario,
                          const experiment::PlainTraffic& traffic, experiment::FleetSize size) {
  const double rate = traffic.rate.value_or(rounded_down(size.rate));
  size.prefill_units = request.prefill_units.value_or(size.prefill_units);
  size.decode_units = request.decode_units.value_or(size.decode_units);
  const std::int64_t per_node = scenario.hardware.gpus_per_node;
  const std::int64_t prefill_nodes = size.prefill_gpus / per_node;
  const std::int64_t decode_nodes = size.decode_gpus / per_node;
  const std::string name = request.file.empty() ? "scenario.yaml" : request.file;
  std::string text = fmt::format(
      "# Written by `epfleet init`. Every key: epfleet explain KEY; all of them: epfleet explain "
      "--list\n"
      "#   epfleet check {0}\n"
      "#   epfleet run {0}\n"
      "#   epfleet plan {0} --vary fleet.prefill_units={1}..{2} --vary "
      "fleet.decode_units={3}..{4}/1 "
      "\\\n"
      "#     --minimise cost.usd_per_hour\n\n",
      name, std::max<std::int64_t>(1, size.prefill_units / 2), size.prefill_units + 4,
      std::max<std::int64_t>(1, size.decode_units - 1), size.decode_units + 1);
  if (!request.requests) {
    text += "duration: 10 min                  # of the counted window, after a warm-up\n\n";
  }
  text += "workload:\n";
  text += request.concurrency
              ? fmt::format(
                    "  concurrency: {}               # clients; each sends its next request "
                    "when it has its answer\n",
                    *request.concurrency)
              : fmt::format("  rate: {}                      # requests\n", rate_text(rate));
  if (request.burstiness && !request.concurrency) {
    text +=
        fmt::format("  arrivals: {{process: gamma, cv: {:.4g}}}   # burstiness {:g} = 1 / cv^2\n",
                    1.0 / std::sqrt(*request.burstiness), *request.burstiness);
  }
  if (request.requests) {
    text += fmt::format("  requests: {}                  # then no more come; all are answered\n",
                        *request.requests);
  }
  text += fmt::format(
      "  input: {{mean: {:g}, cv: {:g}}}       # tokens of a prompt; cv 0: all as long\n"
      "  output: {{mean: {:g}, cv: {:g}}}      # of an answer, reasoning included\n"
      "  hit_ratio: {}                  # of the prompt, found in the KV cache\n"
      "  warm_up: auto\n\n",
      request.input, kCv, request.output, kCv, request.hit_ratio);
  text += fmt::format(
      "hardware: {}                    # h800, h100, h200, or the file of a profile\n"
      "model: deepseek_v3\n\n",
      request.hardware);
  text += fmt::format(
      "# {} nodes: {} x {} for prefill and {} x {} for decode. From step prices alone, every "
      "phase\n"
      "# loaded to {:.0f} %: about {} requests/s. `epfleet plan` looks closer.\n"
      "fleet: {{prefill_units: {}, decode_units: {}}}\n"
      "prefill: {{gpus: {}, redundant_experts: auto}}\n",
      size.prefill_units * prefill_nodes + size.decode_units * decode_nodes, size.prefill_units,
      prefill_nodes, size.decode_units, decode_nodes, experiment::kSizedLoad * 100.0,
      report::human_number(size.rate), size.prefill_units, size.decode_units, size.prefill_gpus);
  text +=
      fmt::format("decode: {{gpus: {}, redundant_experts: auto{}}}\n\n", size.decode_gpus,
                  request.batch ? fmt::format(", max_requests_per_gpu: {}", *request.batch) : "");
  text += fmt::format(
      "slo:\n"
      "  ttft: {{limit: {}, quantile: 0.95}}   # to the first token\n"
      "  tpot: {{limit: {}, quantile: 0.95}}   # per token after it\n\n"
      "prices: {{gpu_hour: {}, book: prices_2025-02, paid_share: {{api: 100 %}}}}\n",
      request.ttft, request.tpot, request.gpu_price);
  return text;
}

void init(const InitRequest& given) {
  InitRequest request = given;
  take_goodput(request);
  std::error_code told_later;  // when it is written
  if (!request.file.empty() && !request.force &&
      std::filesystem::exists(request.file, told_later)) {
    throw wrong_option(request.file, "is there already", "choose another name, or say --force");
  }
  const config::Scenario scenario = service_of(request);
  experiment::PlainTraffic traffic = traffic_of(request);
  const experiment::FleetSize size = sized(request, scenario, traffic);
  const std::string text = scenario_text(request, scenario, traffic, size);
  if (request.file.empty()) {
    fmt::print("{}", text);
    return;
  }
  text::write_file(request.file, text);
  fmt::print("{} written; next: epfleet run {}\n", request.file, request.file);
}

}  // namespace

void add_init(Command app, Chosen& chosen) {
  auto request = std::make_shared<InitRequest>();
  const Command command = app.add_subcommand(
      "init", "Write a commented scenario for one's own rate, lengths, GPUs and objectives");
  command.add_option("FILE", request->file, "Where to (default: the terminal)");
  command.add_option("--rate,--request-rate", request->rate,
                     "Requests per second, '400/s' (default: what the nodes carry, or 100/s)");
  command.add_option("--input,--isl,--random-input-len", request->input,
                     "Mean tokens of a prompt (4000)");
  command.add_option("--output,--osl,--random-output-len", request->output,
                     "Mean tokens of an answer, reasoning included (1000)");
  command.add_option("--hit-ratio", request->hit_ratio,
                     "Share of the prompt that the KV cache has ('50 %')");
  command.add_option("--concurrency,--max-concurrency", request->concurrency,
                     "Clients of a closed loop, instead of a rate");
  command.add_option("--requests,--num-prompts", request->requests,
                     "As many requests, and until all are answered");
  command
      .add_option("--burstiness", request->burstiness,
                  "Of the arrivals: 1 is Poisson, below is bursty")
      .between(1e-3, 1e3);
  const Option nodes = command.add_option("--nodes", request->nodes,
                                          "Nodes there are (default: as many as the rate needs)");
  command.add_option("--gpus,--max-gpu-budget", request->gpus, "The same in GPUs").excludes(nodes);
  command.add_option("--prefill-units", request->prefill_units, "Prefill units, as stated");
  command.add_option("--decode-units", request->decode_units, "Decode units, as stated");
  command.add_option("--ep-size,--decode-gpus", request->decode_gpus, "GPUs of a decode unit");
  command.add_option("--max-num-seqs,--max-running-requests", request->batch,
                     "Most requests in decode of one GPU");
  command.add_option("--hardware", request->hardware, "h800, h100, h200, or the file of a profile");
  command.add_option("--ttft", request->ttft, "Objective of the time to first token ('5 s')");
  command.add_option("--tpot,--itl", request->tpot, "Objective of the time per token ('50 ms')");
  command.add_option("--goodput", request->goodput, "The objectives as ttft:MS tpot:MS");
  command.add_option("--gpu-price", request->gpu_price, "Price of a GPU hour ('2 USD/h')");
  command.add_flag("--force", request->force, "Replace FILE if it is there");
  when_chosen(command, chosen, request, init);
}

}  // namespace epfleet::cli
