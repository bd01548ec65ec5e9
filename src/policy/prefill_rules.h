// The rules of the prefill balancer; see each .cpp for what it does. Used by registry.cpp and
// tests.
#pragma once

#include <cstdint>
#include <memory>

#include "epfleet/policy/balancer.h"

namespace epfleet::policy {

std::unique_ptr<PrefillRule> make_prefill_round_robin(std::uint64_t seed);
std::unique_ptr<PrefillRule> make_prefill_random(std::uint64_t seed);
std::unique_ptr<PrefillRule> make_least_queued_tokens(std::uint64_t seed);
std::unique_ptr<PrefillRule> make_least_attention_work(std::uint64_t seed);
std::unique_ptr<PrefillRule> make_prefill_joint(std::uint64_t seed);

}  // namespace epfleet::policy
