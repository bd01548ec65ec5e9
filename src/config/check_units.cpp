// What must hold for the model to fit on the GPUs of a unit.
#include <fmt/format.h>

#include "check_parts.h"
#include "epfleet/base/token_parts.h"
#include "epfleet/model/layout.h"

namespace epfleet::config {
namespace {

std::string gigabytes(std::int64_t bytes) {
  return fmt::format("{:.1f} GB", static_cast<double>(bytes) * 1e-9);
}

// Whether experts and copies fill the GPUs of whole nodes evenly.
bool check_shape(const model::Model& model, const std::string& phase, std::int64_t gpus,
                 std::int64_t gpus_per_node, std::optional<std::int64_t> redundant,
                 Contradictions& found) {
  if (gpus % gpus_per_node != 0) {
    found.add({phase + ".gpus", phase + ".hardware.gpus_per_node", "hardware.gpus_per_node"},
              fmt::format("{} GPUs are not whole nodes of {}", gpus, gpus_per_node),
              fmt::format("choose a multiple of {}", gpus_per_node));
    return false;
  }
  if (redundant && (model.experts + *redundant) % gpus != 0) {
    found.add(
        {phase + ".redundant_experts", phase + ".gpus", "model.experts"},
        fmt::format("{} experts and {} copies do not fill {} GPUs evenly", model.experts,
                    *redundant, gpus),
        fmt::format("choose {}, or auto", model::filling_redundancy(model, gpus, *redundant)));
    return false;
  }
  return true;
}

// Whether weights, buffers and the KV of one longest request fit into a GPU's memory.
void check_memory(const std::string& phase, const model::MemoryPlan& plan,
                  std::int64_t context_limit, Contradictions& found) {
  const std::int64_t kv = context_limit * plan.kv_bytes_per_token;
  const std::int64_t needed = (plan.weights + plan.buffer + plan.runtime).count() + kv;
  if (needed <= plan.memory.count()) {
    return;
  }
  const std::string all_to_all =
      plan.buffer.count() > 0
          ? fmt::format("all-to-all buffer {}, ", gigabytes(plan.buffer.count()))
          : "";
  found.add(
      {phase + ".gpus", phase + ".redundant_experts", phase + ".runtime_memory",
       phase + ".hardware.memory", "hardware.memory", "workload.context_limit", "model"},
      fmt::format("a GPU of the unit needs {} and has {}: weights {}, {}runtime {}, "
                  "KV of one request at the context limit {}",
                  gigabytes(needed), gigabytes(plan.memory.count()),
                  gigabytes(plan.weights.count()), all_to_all, gigabytes(plan.runtime.count()),
                  gigabytes(kv)),
      fmt::format("raise {0}.gpus, lower {0}.redundant_experts or choose hardware with more memory",
                  phase));
}

void check_prefill(const Scenario& scenario, Contradictions& found) {
  const serving::PrefillConfig& config = scenario.prefill;
  if (config.chunk_grain > config.max_tokens_per_gpu.count()) {
    found.add({"prefill.chunk_grain", "prefill.max_tokens_per_gpu"},
              "is more than prefill.max_tokens_per_gpu", "choose for example 64");
  }
  if (check_shape(scenario.model, "prefill", config.gpus, scenario.prefill_hardware.gpus_per_node,
                  config.redundant_experts, found)) {
    check_memory("prefill", prefill_memory(scenario), scenario.workload.context_limit, found);
  }
}

void check_mtp(const Scenario& scenario, Contradictions& found) {
  const serving::MtpConfig& mtp = scenario.decode.mtp;
  if (mtp.enabled && scenario.model.mtp_layers == 0) {
    found.add({"decode.mtp.enabled", "model.mtp_layers"}, "the model has no module for it",
              "set decode.mtp.enabled: false");
  }
  if (mtp.acceptance - mtp.acceptance_spread < 0.0 ||
      mtp.acceptance + mtp.acceptance_spread > 1.0) {
    found.add({"decode.mtp.acceptance_spread", "decode.mtp.acceptance"},
              fmt::format("{} around an acceptance of {} leaves 0 to 1", mtp.acceptance_spread,
                          mtp.acceptance),
              "lower it");
  }
}

void check_decode(const Scenario& scenario, Contradictions& found) {
  const serving::DecodeConfig& config = scenario.decode;
  check_mtp(scenario, found);
  if (check_shape(scenario.model, "decode", config.gpus, scenario.decode_hardware.gpus_per_node,
                  config.redundant_experts, found)) {
    const model::MemoryPlan plan = decode_memory(scenario);
    check_memory("decode", plan, scenario.workload.context_limit, found);
    constexpr std::int64_t kMostKv = base::TokenParts32::max().whole_tokens() - 1;
    if (plan.kv_capacity_tokens() > kMostKv) {
      found.add({"decode.hardware.memory", "hardware.memory", "model"},
                fmt::format("a decode GPU has room for {} tokens of KV, more than is counted",
                            plan.kv_capacity_tokens()),
                fmt::format("lower it to at most {} tokens", kMostKv));
    }
  }
}

}  // namespace

void check_model(const Scenario& scenario, Contradictions& found) {
  const model::Model& model = scenario.model;
  if (model.dense_layers >= model.layers) {
    found.add({"model.dense_layers", "model.layers"}, "leaves no layer with experts", "lower it");
  }
  if (model.experts % model.groups != 0) {
    found.add({"model.groups", "model.experts"},
              fmt::format("{} experts are not {} equal groups", model.experts, model.groups),
              "choose a divisor of model.experts");
  } else if (model.topk_groups > model.groups ||
             model.top_k > model.topk_groups * (model.experts / model.groups)) {
    found.add({"model.top_k", "model.topk_groups", "model.groups", "model.experts"},
              "a token's groups do not have that many experts",
              "lower it, or raise model.topk_groups");
  }
  for (const auto& [profile, key] : {std::pair(&scenario.prefill_hardware, "prefill.hardware"),
                                     std::pair(&scenario.decode_hardware, "decode.hardware")}) {
    if (profile->prefill_comm_sms >= profile->sms) {
      found.add(
          {fmt::format("{}.prefill_comm_sms", key), "hardware.prefill_comm_sms", "hardware.sms"},
          "leaves no multiprocessor for computing", "lower it");
    }
  }
}

void check_units(const Scenario& scenario, Contradictions& found) {
  check_prefill(scenario, found);
  check_decode(scenario, found);
}

}  // namespace epfleet::config
