// What must hold for the model to fit on the GPUs of a unit.
#include <fmt/format.h>

#include "check_parts.h"
#include "epfleet/model/layout.h"

namespace epfleet::config {
namespace {

std::string gigabytes(std::int64_t bytes) {
  return fmt::format("{:.1f} GB", static_cast<double>(bytes) * 1e-9);
}

// One kind of unit, as the checks see it.
struct Unit {
  std::string phase;
  std::int64_t gpus;
  std::optional<std::int64_t> redundant;  // none: auto
  base::Bytes runtime;
  const hardware::HardwareProfile& hardware;
};

std::int64_t least_filling(const model::Model& model, std::int64_t gpus, std::int64_t at_least) {
  return (model.experts + at_least + gpus - 1) / gpus * gpus - model.experts;
}

constexpr std::int64_t kAutoLeast = 32;  // what auto starts from (model/layout.h)

// Whether experts and copies fill the GPUs of whole nodes evenly.
bool check_shape(const model::Model& model, const Unit& unit, Contradictions& found) {
  const std::string gpus = unit.phase + ".gpus";
  const std::int64_t per_node = unit.hardware.gpus_per_node;
  if (unit.gpus % per_node != 0) {
    found.add({gpus, unit.phase + ".hardware.gpus_per_node", "hardware.gpus_per_node"},
              fmt::format("{} GPUs are not whole nodes of {}", unit.gpus, per_node),
              fmt::format("choose a multiple of {}", per_node));
    return false;
  }
  if (unit.redundant && (model.experts + *unit.redundant) % unit.gpus != 0) {
    found.add({unit.phase + ".redundant_experts", gpus, "model.experts"},
              fmt::format("{} experts and {} copies do not fill {} GPUs evenly", model.experts,
                          *unit.redundant, unit.gpus),
              fmt::format("choose {}, or auto", least_filling(model, unit.gpus, *unit.redundant)));
    return false;
  }
  return true;
}

// Whether weights, buffers and the KV of one longest request fit into a GPU's memory.
template <class Layout>
void check_memory(const Scenario& scenario, const Unit& unit, Layout layout, base::Bytes buffer,
                  std::int64_t kv_bytes_per_token, Contradictions& found) {
  const std::int64_t weights = model::weights_bytes(scenario.model, layout).count();
  const std::int64_t kv = scenario.workload.context_limit * kv_bytes_per_token;
  const std::int64_t needed = weights + buffer.count() + unit.runtime.count() + kv;
  if (needed <= unit.hardware.memory.count()) {
    return;
  }
  const std::string& phase = unit.phase;
  const std::string all_to_all =
      buffer.count() > 0 ? fmt::format("all-to-all buffer {}, ", gigabytes(buffer.count())) : "";
  found.add(
      {phase + ".gpus", phase + ".redundant_experts", phase + ".runtime_memory",
       phase + ".hardware.memory", "hardware.memory", "workload.context_limit", "model"},
      fmt::format("a GPU of the unit needs {} and has {}: weights {}, {}runtime {}, "
                  "KV of one request at the context limit {}",
                  gigabytes(needed), gigabytes(unit.hardware.memory.count()), gigabytes(weights),
                  all_to_all, gigabytes(unit.runtime.count()), gigabytes(kv)),
      fmt::format("raise {0}.gpus, lower {0}.redundant_experts or choose hardware with more memory",
                  phase));
}

template <class Layout>
void check_unit(const Scenario& scenario, const Unit& unit,
                Layout (*layout_of)(const cluster::FleetSpec&), Contradictions& found) {
  if (!check_shape(scenario.model, unit, found)) {
    return;
  }
  Layout layout = layout_of(scenario);
  layout.redundant_experts =
      unit.redundant.value_or(least_filling(scenario.model, unit.gpus, kAutoLeast));
  base::Bytes buffer(0);
  bool mtp = false;
  if constexpr (std::is_same_v<Layout, model::DecodeLayout>) {
    buffer = model::low_latency_buffer_bytes(scenario.model, layout);
    mtp = layout.draft_tokens > 0;
  } else {
    mtp = layout.mtp;
  }
  check_memory(scenario, unit, layout, buffer, scenario.model.kv_bytes_per_token(mtp), found);
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
  const serving::PrefillConfig& prefill = scenario.prefill;
  if (prefill.chunk_grain > prefill.max_tokens_per_gpu.count()) {
    found.add({"prefill.chunk_grain", "prefill.max_tokens_per_gpu"},
              "is more than prefill.max_tokens_per_gpu", "choose for example 64");
  }
  check_unit(scenario,
             {"prefill", prefill.gpus, prefill.redundant_experts, prefill.runtime_memory,
              scenario.prefill_hardware},
             cluster::prefill_layout, found);
  check_mtp(scenario, found);
  const serving::DecodeConfig& decode = scenario.decode;
  check_unit(scenario,
             {"decode", decode.gpus, decode.redundant_experts, decode.runtime_memory,
              scenario.decode_hardware},
             cluster::decode_layout, found);
}

}  // namespace epfleet::config
