#include "epfleet/policy/registry.h"

namespace epfleet::policy {

// Each is defined in the .cpp of its rule; only this table calls them.
template <class Rule>
std::unique_ptr<Rule> make_round_robin(std::uint64_t seed);
template <class Rule>
std::unique_ptr<Rule> make_random(std::uint64_t seed);
template <class Rule>
std::unique_ptr<Rule> make_power_of_two(std::uint64_t seed);

std::unique_ptr<PrefillRule> make_least_queued_tokens(std::uint64_t seed);
std::unique_ptr<PrefillRule> make_least_attention_work(std::uint64_t seed);
std::unique_ptr<PrefillRule> make_prefill_joint(std::uint64_t seed);
std::unique_ptr<PrefillRule> make_prefill_ideal(std::uint64_t seed);
std::unique_ptr<DecodeUnitRule> make_decode_unit_fewest_requests(std::uint64_t seed);
std::unique_ptr<DecodeUnitRule> make_decode_unit_least_kv(std::uint64_t seed);
std::unique_ptr<DecodeUnitRule> make_decode_unit_joint(std::uint64_t seed);
std::unique_ptr<DecodeUnitRule> make_decode_unit_weighted_sum(std::uint64_t seed);
std::unique_ptr<DecodeGpuRule> make_decode_gpu_fewest_requests(std::uint64_t seed);
std::unique_ptr<DecodeGpuRule> make_decode_gpu_least_kv(std::uint64_t seed);
std::unique_ptr<DecodeGpuRule> make_decode_gpu_joint(std::uint64_t seed);
std::unique_ptr<DecodeGpuRule> make_decode_gpu_weighted_sum(std::uint64_t seed);
std::unique_ptr<DecodeGpuRule> make_decode_gpu_ideal(std::uint64_t seed);

std::unique_ptr<ScalingRule> make_fixed_groups(const ScalingSetup& setup);
std::unique_ptr<ScalingRule> make_group_schedule(const ScalingSetup& setup);
std::unique_ptr<ScalingRule> make_target_tracking(const ScalingSetup& setup);
std::unique_ptr<ScalingRule> make_saturation(const ScalingSetup& setup);
std::unique_ptr<ScalingRule> make_planner(const ScalingSetup& setup);
std::unique_ptr<ScalingRule> make_slo_sizing(const ScalingSetup& setup);
std::unique_ptr<ScalingRule> make_oracle(const ScalingSetup& setup);

namespace {

constexpr Rules<PrefillRule>::Row kPrefillRules[] = {
    {"joint", "least max of tokens and attention work, each over its mean", make_prefill_joint},
    {"least_queued_tokens", "fewest tokens waiting and running", make_least_queued_tokens},
    {"least_attention_work", "least attention work waiting and running", make_least_attention_work},
    {"round_robin", "round robin", make_round_robin},
    {"power_of_two", "the better of two drawn at random", make_power_of_two},
    {"random", "drawn at random", make_random},
    {"ideal", "bound: as joint, and the load of a unit even over its GPUs", make_prefill_ideal},
};

constexpr Rules<DecodeUnitRule>::Row kDecodeUnitRules[] = {
    {"joint", "least max of KV and requests, each over its mean", make_decode_unit_joint},
    {"weighted_sum", "least sum of KV and requests, each over its mean",
     make_decode_unit_weighted_sum},
    {"fewest_requests", "fewest requests placed", make_decode_unit_fewest_requests},
    {"least_kv", "least KV placed", make_decode_unit_least_kv},
    {"round_robin", "round robin", make_round_robin},
    {"power_of_two", "the better of two drawn at random", make_power_of_two},
    {"random", "drawn at random", make_random},
    {"ideal", "bound: as joint; the bound is within the unit", make_decode_unit_joint},
};

constexpr Rules<DecodeGpuRule>::Row kDecodeGpuRules[] = {
    {"joint", "least max of KV and requests, each over its mean", make_decode_gpu_joint},
    {"weighted_sum", "least sum of KV and requests, each over its mean",
     make_decode_gpu_weighted_sum},
    {"fewest_requests", "fewest requests placed", make_decode_gpu_fewest_requests},
    {"least_kv", "least KV placed", make_decode_gpu_least_kv},
    {"round_robin", "round robin over the GPUs with room", make_round_robin},
    {"power_of_two", "the better of two drawn at random, among GPUs with room", make_power_of_two},
    {"random", "drawn at random among GPUs with room", make_random},
    {"ideal", "bound: as joint, and the load of a unit even over its GPUs", make_decode_gpu_ideal},
};

constexpr ScalingRules::Row kScalingRules[] = {
    {"fixed", "fleet.groups all the time", make_fixed_groups},
    {"schedule", "scaling.schedule", make_group_schedule},
    {"target", "the load of each phase at its target, as the Kubernetes HPA does",
     make_target_tracking},
    {"saturation", "one unit more or fewer by spare KV and queue, as llm-d does", make_saturation},
    {"planner", "predicted throughput, and latencies above it, as Dynamo does", make_planner},
    {"slo", "as many as keep the objectives for the demand seen ahead", make_slo_sizing},
    {"oracle", "the same, knowing the demand of the whole run: the bound", make_oracle},
};

}  // namespace

const Rules<PrefillRule>& prefill_unit_rules() {
  static constexpr Rules<PrefillRule> kRules("prefill.balancer.unit", kPrefillRules);
  return kRules;
}
const Rules<PrefillRule>& prefill_gpu_rules() {
  static constexpr Rules<PrefillRule> kRules("prefill.balancer.gpu", kPrefillRules);
  return kRules;
}
const Rules<DecodeUnitRule>& decode_unit_rules() {
  static constexpr Rules<DecodeUnitRule> kRules("decode.balancer.unit", kDecodeUnitRules);
  return kRules;
}
const Rules<DecodeGpuRule>& decode_gpu_rules() {
  static constexpr Rules<DecodeGpuRule> kRules("decode.balancer.gpu", kDecodeGpuRules);
  return kRules;
}

const ScalingRules& scaling_rules() {
  static constexpr ScalingRules kRules("scaling.policy", kScalingRules);
  return kRules;
}

}  // namespace epfleet::policy
