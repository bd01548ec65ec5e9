// The rules of the decode balancer; see each .cpp for what it does. Used by registry.cpp and tests.
#pragma once

#include <cstdint>
#include <memory>

#include "epfleet/policy/balancer.h"

namespace epfleet::policy {

std::unique_ptr<DecodeUnitRule> make_decode_unit_round_robin(std::uint64_t seed);
std::unique_ptr<DecodeUnitRule> make_decode_unit_fewest_requests(std::uint64_t seed);
std::unique_ptr<DecodeUnitRule> make_decode_unit_least_kv(std::uint64_t seed);
std::unique_ptr<DecodeUnitRule> make_decode_unit_joint(std::uint64_t seed);
std::unique_ptr<DecodeUnitRule> make_decode_unit_weighted_sum(std::uint64_t seed);
std::unique_ptr<DecodeUnitRule> make_decode_unit_random(std::uint64_t seed);

std::unique_ptr<DecodeGpuRule> make_decode_gpu_round_robin(std::uint64_t seed);
std::unique_ptr<DecodeGpuRule> make_decode_gpu_random(std::uint64_t seed);
std::unique_ptr<DecodeGpuRule> make_decode_gpu_fewest_requests(std::uint64_t seed);
std::unique_ptr<DecodeGpuRule> make_decode_gpu_least_kv(std::uint64_t seed);
std::unique_ptr<DecodeGpuRule> make_decode_gpu_joint(std::uint64_t seed);
std::unique_ptr<DecodeGpuRule> make_decode_gpu_weighted_sum(std::uint64_t seed);

}  // namespace epfleet::policy
