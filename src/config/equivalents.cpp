#include "epfleet/config/equivalents.h"

#include <fmt/format.h>

#include <algorithm>

namespace epfleet::config {
namespace {

constexpr Equivalent kEquivalents[] = {
    {"vLLM", "max_num_seqs", "decode.max_requests_per_gpu",
     "Of one engine, which is one GPU where attention is data parallel: the same number. With "
     "tensor_parallel_size above 1 divide by it."},
    {"vLLM", "max_num_batched_tokens", "prefill.max_tokens_per_gpu",
     "Of a prefill engine, which is one GPU: the same number. A decode step here holds no prompt "
     "tokens."},
    {"vLLM", "max_model_len", "workload.context_limit", "The same: prompt and answer together."},
    {"vLLM", "data_parallel_size", "prefill.gpus, decode.gpus",
     "Times tensor_parallel_size it is the GPUs of one unit, the EP size."},
    {"vLLM", "tensor_parallel_size", "prefill.gpus, decode.gpus",
     "Times data_parallel_size it is the GPUs of one unit. Attention itself is data parallel here: "
     "every GPU has requests of its own."},
    {"vLLM", "pipeline_parallel_size", "", "all layers are on every GPU of a unit"},
    {"vLLM", "enable_expert_parallel", "",
     "always on: the experts are spread over all GPUs of a unit"},
    {"vLLM", "gpu_memory_utilization", "prefill.runtime_memory, decode.runtime_memory",
     "The other way round, in bytes: what is neither weights nor KV, that is what the value leaves "
     "of hardware.memory, and the activations."},
    {"vLLM", "enable_prefix_caching", "kv_cache.model",
     "On: mechanistic, a store on disk for the whole fleet; off: statistical, whose hit_ratio is "
     "0."},
    {"vLLM", "block_size", "kv_cache.block",
     "The same, tokens of a block; here of the store on disk."},
    {"vLLM", "num_speculative_tokens", "decode.mtp.draft_tokens",
     "The same; 0: decode.mtp.enabled: false. How many are accepted is decode.mtp.acceptance."},
    {"vLLM", "enable_dbo", "prefill.overlap, decode.overlap",
     "On: dual_batch; off: none; auto takes the faster of the two, step by step, in place of the "
     "token thresholds."},
    {"vLLM", "enable_eplb", "experts.balancer", "On: eplb; off: none."},
    {"vLLM", "num_redundant_experts", "prefill.redundant_experts, decode.redundant_experts",
     "The same (eplb_config); with the 256 experts it must divide by the GPUs of a unit, and auto "
     "does."},
    {"vLLM", "step_interval", "experts.rebalance_every",
     "Engine steps between two placements (eplb_config); here a time: steps x time of a step, 3000 "
     "of 50 ms are 150 s."},
    {"vLLM", "quantization", "prefill.expert_precision, decode.expert_precision",
     "fp8, or bf16 for none."},
    {"vLLM", "kv_transfer_config", "",
     "prefill and decode units are always apart, and the KV always moves"},
    {"vLLM", "enforce_eager", "engine",
     "On: engine: eager-python-2026, a host that launches every kernel itself (38 us each on the "
     "measured one); off: graphs, as in vllm-2025-12."},
    {"vLLM", "cudagraph_capture_sizes", "engine.graph_batches",
     "The same, where they lie far apart: batches run at the next size up."},
    {"vLLM bench serve, SGLang bench_serving", "request_rate", "workload.rate",
     "Requests per second, with the unit: 400/s. inf has none: workload.concurrency keeps the "
     "service full."},
    {"vLLM bench serve, SGLang bench_serving", "max_concurrency", "workload.concurrency",
     "Clients of a closed loop, in place of a rate. With a rate, admission.max_concurrency turns "
     "away what these tools hold back."},
    {"vLLM bench serve, SGLang bench_serving", "num_prompts", "workload.requests",
     "The same: exactly so many requests."},
    {"vLLM bench serve, SGLang bench_serving", "random_input_len, random_input",
     "workload.input.mean", "The same, tokens."},
    {"vLLM bench serve, SGLang bench_serving", "random_output_len, random_output",
     "workload.output.mean", "The same, tokens."},
    {"vLLM bench serve, SGLang bench_serving", "random_range_ratio",
     "workload.input.min, workload.input.max",
     "With law: uniform. Of vLLM from (1 - value) to (1 + value) times the length, of SGLang from "
     "value times the length to the length; of workload.output alike."},
    {"vLLM bench serve, SGLang bench_serving", "random_prefix_len", "workload.hit_ratio",
     "A share: prefix / (prefix + input)."},
    {"vLLM bench serve, SGLang bench_serving", "dataset_path", "workload.path",
     "A trace of requests: epfleet replay plays it."},
    {"vLLM bench serve", "burstiness", "workload.arrivals.cv",
     "With process: gamma; cv = 1 / sqrt(value): 1 is a Poisson process, 0.25 a cv of 2."},
    {"vLLM bench serve", "goodput", "slo.ttft.limit, slo.tpot.limit",
     "Pairs of name and milliseconds; here with units: ttft:5000 tpot:50 is slo.ttft.limit: 5 s "
     "and slo.tpot.limit: 50 ms. What meets them is slo.goodput_rps."},
    {"vLLM bench serve", "ramp_up_strategy, ramp_up_start_rps, ramp_up_end_rps", "workload.stages",
     "A ramp is one stage: {for: 10 min, rate: 100/s, to: 400/s}; linear only."},
    {"vLLM bench serve", "e2el", "latency.e2e_s",
     "A metric: arrival to last token, in seconds; bench_serving.json has it in milliseconds under "
     "that tool's names."},
    {"SGLang", "ep_size, expert_parallel_size, ep", "prefill.gpus, decode.gpus",
     "The same: GPUs of one unit."},
    {"SGLang", "tp_size, tp", "prefill.gpus, decode.gpus",
     "With enable_dp_attention the GPUs of one unit."},
    {"SGLang", "dp_size, dp", "",
     "with enable_dp_attention every GPU has requests of its own, as always here; without it, "
     "these are replicas: fleet.prefill_units, fleet.decode_units"},
    {"SGLang", "enable_dp_attention", "", "always on"},
    {"SGLang", "max_running_requests", "decode.max_requests_per_gpu",
     "Of the whole server: divide by dp_size."},
    {"SGLang", "chunked_prefill_size", "prefill.max_tokens_per_gpu",
     "With enable_dp_attention of the whole server: divide by dp_size. A long prompt is cut at "
     "multiples of prefill.chunk_grain."},
    {"SGLang", "max_prefill_tokens", "prefill.max_tokens_per_gpu",
     "Tokens of one prefill batch; per GPU."},
    {"SGLang", "context_length", "workload.context_limit", "The same: prompt and answer together."},
    {"SGLang", "mem_fraction_static", "prefill.runtime_memory, decode.runtime_memory",
     "The other way round, in bytes: what the value leaves of hardware.memory is neither weights "
     "nor KV."},
    {"SGLang", "enable_two_batch_overlap", "prefill.overlap, decode.overlap",
     "On: dual_batch; off: none; auto takes the faster of the two, step by step."},
    {"SGLang", "cuda_graph_bs", "engine.graph_batches",
     "The same, where they lie far apart: batches run at the next size up. [256] is how its decode "
     "of May 2025 ran."},
    {"SGLang", "disable_cuda_graph", "engine",
     "On: engine: eager-python-2026, or engine.launch_time of your host; off: graphs."},
    {"SGLang", "enable_eplb", "experts.balancer", "On: eplb; off: none."},
    {"SGLang", "ep_num_redundant_experts", "prefill.redundant_experts, decode.redundant_experts",
     "The same; with the 256 experts it must divide by the GPUs of a unit, and auto does."},
    {"SGLang", "eplb_rebalance_num_iterations", "experts.rebalance_every",
     "Forward passes between two placements; here a time: passes x time of a step, 1000 of 50 ms "
     "are 50 s."},
    {"SGLang", "speculative_num_steps", "decode.mtp.draft_tokens",
     "The same for a chain of drafts (speculative_eagle_topk 1)."},
    {"SGLang", "speculative_num_draft_tokens", "decode.mtp.draft_tokens",
     "One less: it counts the token that the model itself gives."},
    {"SGLang", "speculative_eagle_topk", "", "drafts are a chain, not a tree"},
    {"SGLang", "speculative_algorithm", "decode.mtp.enabled",
     "true or false: drafts come from the model's own MTP layer (EAGLE, NEXTN)."},
    {"SGLang", "disaggregation_mode", "",
     "prefill and decode units are always apart: prefill.* are the settings of the one server, "
     "decode.* of the other"},
    {"SGLang", "disable_radix_cache", "kv_cache.model",
     "statistical, whose hit_ratio is 0; else mechanistic, a store on disk for the whole fleet."},
    {"SGLang", "page_size", "kv_cache.block",
     "The same, tokens of a block; here of the store on disk."},
    {"SGLang", "load_balance_method", "prefill.balancer.gpu, decode.balancer.gpu",
     "round_robin is the same; shortest_queue is fewest_requests in decode, least_queued_tokens in "
     "prefill."},
    {"SGLang", "moe_a2a_backend, deepep_mode", "",
     "always DeepEP: its normal kernels in prefill, the low-latency ones in decode"},
    {"Dynamo planner", "ttft", "slo.ttft.limit",
     "Milliseconds there, here with its unit. scaling.planner.ttft, if the rule shall keep "
     "another."},
    {"Dynamo planner", "itl", "slo.tpot.limit",
     "Milliseconds there, here with its unit. scaling.planner.itl, if the rule shall keep "
     "another."},
    {"Dynamo planner", "isl", "workload.input.mean", "The same, tokens."},
    {"Dynamo planner", "osl", "workload.output.mean", "The same, tokens."},
    {"Dynamo planner", "adjustment_interval, throughput_adjustment_interval",
     "scaling.planner.throughput_interval", "Seconds there, here with its unit."},
    {"Dynamo planner", "load_adjustment_interval, loadbased_adjustment_interval",
     "scaling.interval", "Seconds there, here with its unit."},
    {"Dynamo planner", "min_endpoint", "scaling.min_groups",
     "Units of each phase, with fleet.group of one prefill and one decode unit."},
    {"Dynamo planner", "max_gpu_budget", "scaling.gpu_budget", "The same; -1 is none."},
    {"Dynamo planner", "prefill_engine_num_gpu", "prefill.gpus", "The same."},
    {"Dynamo planner", "decode_engine_num_gpu", "decode.gpus", "The same."},
    {"Dynamo planner", "load_predictor", "scaling.planner.predictor",
     "constant and kalman are the same; for arima and prophet take holt_winters or seasonal."},
    {"Dynamo planner", "load_scaling_down_sensitivity, loadbased_scaling_down_sensitivity",
     "scaling.planner.down_sensitivity", "Percent there: 80 is 80 %."},
    {"Dynamo planner", "router_mode", "prefill.balancer.unit, decode.balancer.unit",
     "round_robin and random are the same; kv has no counterpart: the prefix store is shared by "
     "all units."},
    {"Dynamo planner", "kv_overlap_score_weight, overlap_score_weight", "",
     "the prefix store is shared by all units, so no unit has more of a prompt than another"},
    {"llm-d", "kvCacheThreshold", "scaling.saturation.kv_limit",
     "The same share, of a decode GPU."},
    {"llm-d", "kvSpareTrigger", "scaling.saturation.kv_spare", "The same share."},
    {"llm-d", "queueLengthThreshold", "scaling.saturation.queue_limit",
     "Of a replica there, of a GPU here."},
    {"llm-d", "queueSpareTrigger", "scaling.saturation.queue_spare",
     "Of a replica there, of a GPU here."},
    {"llm-d", "minReplicas", "scaling.min_groups",
     "Replicas of one phase there; here groups, or with scaling.separate units of each phase."},
    {"llm-d", "maxReplicas", "scaling.max_groups",
     "Replicas of one phase there; here groups, or with scaling.separate units of each phase."},
    {"llm-d", "stabilizationWindowSeconds", "scaling.stabilisation",
     "Seconds there, here with its unit."},
    {"llm-d", "replicas", "fleet.prefill_units, fleet.decode_units", "The same, of each phase."},
};

// As an option, a key of YAML or of JSON: only letters and digits count.
std::string plain(std::string_view spelling) {
  std::string text;
  for (const char c : spelling) {
    if (c >= 'A' && c <= 'Z') {
      text += static_cast<char>(c - 'A' + 'a');
    } else if (c != '-' && c != '_') {
      text += c;
    }
  }
  return text;
}

std::vector<std::string> spellings_of(const Equivalent& row) {
  std::vector<std::string> spellings;
  for (std::string_view rest = row.spellings; !rest.empty();) {
    const auto comma = std::min(rest.find(", "), rest.size());
    spellings.push_back(plain(rest.substr(0, comma)));
    rest.remove_prefix(std::min(comma + 2, rest.size()));
  }
  return spellings;
}

template <class Fits>
std::vector<const Equivalent*> rows_where(Fits fits) {
  std::vector<const Equivalent*> found;
  for (const Equivalent& row : kEquivalents) {
    if (std::ranges::any_of(spellings_of(row), fits)) {
      found.push_back(&row);
    }
  }
  return found;
}

std::string_view last_word(std::string_view path) {
  const auto dot = path.rfind('.');
  return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

}  // namespace

std::span<const Equivalent> equivalents() { return kEquivalents; }

std::vector<const Equivalent*> equivalents_of(std::string_view spelling) {
  const std::string wanted = plain(last_word(spelling));
  return rows_where([&](const std::string& one) { return one == wanted; });
}

std::string equivalent_remedy(std::string_view spelling) {
  const auto found = equivalents_of(spelling);
  if (found.empty()) {
    return "";
  }
  const Equivalent& first = *found.front();
  const bool one_word = first.tool.find(' ') == std::string_view::npos;
  return fmt::format("{} is {}{}{}; {} {}", last_word(spelling), one_word ? "" : "of ", first.tool,
                     one_word ? "'s" : "", first.keys.empty() ? "it has no counterpart:" : "here",
                     first.keys.empty() ? first.meaning : first.keys);
}

std::string explain_equivalents(std::string_view spelling, bool also_parts) {
  const std::string part = plain(spelling);
  std::string text;
  for (const Equivalent* row :
       also_parts ? rows_where([&](const std::string& one) { return one.find(part) != one.npos; })
                  : equivalents_of(spelling)) {
    text +=
        fmt::format("{}{}\n  of {}; {}\n    {}{}\n", text.empty() ? "" : "\n", row->spellings,
                    row->tool, row->keys.empty() ? "none here" : "here " + std::string(row->keys),
                    row->meaning, row->meaning.ends_with('.') ? "" : ".");
  }
  return text;
}

}  // namespace epfleet::config
