#include "epfleet/policy/registry.h"

#include <array>
#include <string>

#include "epfleet/base/error.h"

namespace epfleet::policy {

// Each is defined in the .cpp of its rule; nobody but this table calls them.
std::unique_ptr<PrefillRule> make_prefill_round_robin(std::uint64_t seed);
std::unique_ptr<PrefillRule> make_prefill_random(std::uint64_t seed);
std::unique_ptr<PrefillRule> make_least_queued_tokens(std::uint64_t seed);
std::unique_ptr<PrefillRule> make_least_attention_work(std::uint64_t seed);
std::unique_ptr<PrefillRule> make_prefill_joint(std::uint64_t seed);
std::unique_ptr<PrefillRule> make_prefill_power_of_two(std::uint64_t seed);
std::unique_ptr<PrefillRule> make_prefill_ideal(std::uint64_t seed);

std::unique_ptr<DecodeUnitRule> make_decode_unit_round_robin(std::uint64_t seed);
std::unique_ptr<DecodeUnitRule> make_decode_unit_fewest_requests(std::uint64_t seed);
std::unique_ptr<DecodeUnitRule> make_decode_unit_least_kv(std::uint64_t seed);
std::unique_ptr<DecodeUnitRule> make_decode_unit_joint(std::uint64_t seed);
std::unique_ptr<DecodeUnitRule> make_decode_unit_weighted_sum(std::uint64_t seed);
std::unique_ptr<DecodeUnitRule> make_decode_unit_random(std::uint64_t seed);
std::unique_ptr<DecodeUnitRule> make_decode_unit_power_of_two(std::uint64_t seed);
std::unique_ptr<DecodeUnitRule> make_decode_unit_ideal(std::uint64_t seed);
std::unique_ptr<DecodeGpuRule> make_decode_gpu_round_robin(std::uint64_t seed);
std::unique_ptr<DecodeGpuRule> make_decode_gpu_random(std::uint64_t seed);
std::unique_ptr<DecodeGpuRule> make_decode_gpu_fewest_requests(std::uint64_t seed);
std::unique_ptr<DecodeGpuRule> make_decode_gpu_least_kv(std::uint64_t seed);
std::unique_ptr<DecodeGpuRule> make_decode_gpu_joint(std::uint64_t seed);
std::unique_ptr<DecodeGpuRule> make_decode_gpu_weighted_sum(std::uint64_t seed);
std::unique_ptr<DecodeGpuRule> make_decode_gpu_power_of_two(std::uint64_t seed);
std::unique_ptr<DecodeGpuRule> make_decode_gpu_ideal(std::uint64_t seed);

namespace {

template <class Role>
struct Row {
  RuleName rule;
  std::unique_ptr<Role> (*make)(std::uint64_t seed);
};

constexpr std::array<Row<PrefillRule>, 7> kPrefillRules = {{
    {{"joint", "least max of tokens and attention work, each over its mean"}, make_prefill_joint},
    {{"least_queued_tokens", "fewest tokens waiting and running"}, make_least_queued_tokens},
    {{"least_attention_work", "least attention work waiting and running"},
     make_least_attention_work},
    {{"round_robin", "in turn"}, make_prefill_round_robin},
    {{"power_of_two", "the better of two by lot"}, make_prefill_power_of_two},
    {{"random", "by lot"}, make_prefill_random},
    {{"ideal", "bound: as joint, and the load of a unit even over its GPUs"}, make_prefill_ideal},
}};

constexpr std::array<Row<DecodeUnitRule>, 8> kDecodeUnitRules = {{
    {{"joint", "least max of KV and requests, each over its mean"}, make_decode_unit_joint},
    {{"weighted_sum", "least sum of KV and requests, each over its mean"},
     make_decode_unit_weighted_sum},
    {{"fewest_requests", "fewest requests placed"}, make_decode_unit_fewest_requests},
    {{"least_kv", "least KV placed"}, make_decode_unit_least_kv},
    {{"round_robin", "in turn"}, make_decode_unit_round_robin},
    {{"power_of_two", "the better of two by lot"}, make_decode_unit_power_of_two},
    {{"random", "by lot"}, make_decode_unit_random},
    {{"ideal", "bound: as joint; the bound is within the unit"}, make_decode_unit_ideal},
}};

constexpr std::array<Row<DecodeGpuRule>, 8> kDecodeGpuRules = {{
    {{"joint", "least max of KV and requests, each over its mean"}, make_decode_gpu_joint},
    {{"weighted_sum", "least sum of KV and requests, each over its mean"},
     make_decode_gpu_weighted_sum},
    {{"fewest_requests", "fewest requests placed"}, make_decode_gpu_fewest_requests},
    {{"least_kv", "least KV placed"}, make_decode_gpu_least_kv},
    {{"round_robin", "in turn, among GPUs with room"}, make_decode_gpu_round_robin},
    {{"power_of_two", "the better of two by lot, among GPUs with room"},
     make_decode_gpu_power_of_two},
    {{"random", "by lot, among GPUs with room"}, make_decode_gpu_random},
    {{"ideal", "bound: as joint, and the load of a unit even over its GPUs"},
     make_decode_gpu_ideal},
}};

template <class Table>
auto names_of(const Table& table) {
  std::array<RuleName, std::tuple_size_v<Table>> names;
  for (std::size_t i = 0; i < table.size(); ++i) {
    names[i] = table[i].rule;
  }
  return names;
}

template <class Table>
auto make_from(const Table& table, std::string_view role, std::string_view name,
               std::uint64_t seed) {
  std::string choices;
  for (const auto& row : table) {
    if (row.rule.name == name) {
      return row.make(seed);
    }
    choices += (choices.empty() ? "" : ", ") + std::string(row.rule.name);
  }
  throw base::InputError({.key = std::string(role),
                          .what = "no rule named '" + std::string(name) + "'",
                          .remedy = "choose one of " + choices});
}

}  // namespace

std::span<const RuleName> prefill_unit_rules() {
  static const auto names = names_of(kPrefillRules);
  return names;
}
std::span<const RuleName> prefill_gpu_rules() { return prefill_unit_rules(); }
std::span<const RuleName> decode_unit_rules() {
  static const auto names = names_of(kDecodeUnitRules);
  return names;
}
std::span<const RuleName> decode_gpu_rules() {
  static const auto names = names_of(kDecodeGpuRules);
  return names;
}

std::unique_ptr<PrefillRule> make_prefill_unit_rule(std::string_view name, std::uint64_t seed) {
  return make_from(kPrefillRules, "prefill.balancer.unit", name, seed);
}
std::unique_ptr<PrefillRule> make_prefill_gpu_rule(std::string_view name, std::uint64_t seed) {
  return make_from(kPrefillRules, "prefill.balancer.gpu", name, seed);
}
std::unique_ptr<DecodeUnitRule> make_decode_unit_rule(std::string_view name, std::uint64_t seed) {
  return make_from(kDecodeUnitRules, "decode.balancer.unit", name, seed);
}
std::unique_ptr<DecodeGpuRule> make_decode_gpu_rule(std::string_view name, std::uint64_t seed) {
  return make_from(kDecodeGpuRules, "decode.balancer.gpu", name, seed);
}

}  // namespace epfleet::policy
