// The reference of decode_token_by_token_test.cpp: every request on its own, advanced every step,
// token by token, its half of the GPU remembered. Slow and plain.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "epfleet/serving/live_request.h"

namespace epfleet::serving {

inline constexpr std::int32_t kGpus = 16;

template <class T>
using PerGpu = std::vector<T>;

struct DecodeReference {
  struct Member {
    std::uint64_t id;
    std::int32_t prompt, output;
    base::TokenParts32 rate;
    std::uint32_t gpu;
    std::int32_t steps = 0, emitted = 0;
    std::size_t half = 0;
    [[nodiscard]] base::TokenParts32 kv() const {
      return base::TokenParts32::from_tokens(prompt) + rate * steps;
    }
  };
  std::map<RequestSlot, Member> members, outside;  // running; on the way, or waiting for room
  base::TokenParts emitted_by_finished;

  // Of the whole GPUs, or of one half of each.
  [[nodiscard]] auto sum(auto value, std::optional<std::size_t> half = {}) const {
    PerGpu<decltype(value(Member()))> sums(kGpus);
    for (const auto& [slot, member] : members) {
      if (!half || member.half == *half) {
        sums[member.gpu] += value(member);
      }
    }
    return sums;
  }
  [[nodiscard]] PerGpu<std::int32_t> requests(std::optional<std::size_t> half = {}) const {
    return sum([](const Member& /*member*/) { return 1; }, half);
  }
  [[nodiscard]] PerGpu<base::TokenParts32> kv(std::optional<std::size_t> half = {}) const {
    return sum([](const Member& member) { return member.kv(); }, half);
  }

  void join(RequestSlot slot) {
    Member& member = outside.at(slot);
    std::array<std::pair<std::int32_t, base::TokenParts32>, 2> loads;
    for (std::size_t half = 0; half < 2; ++half) {
      loads[half] = {requests(half)[member.gpu], kv(half)[member.gpu]};
    }
    member.half = loads[0] <= loads[1] ? 0 : 1;
    members.insert(outside.extract(slot));
  }
  // One step, one token after the other; returns who has emitted the last one.
  std::vector<RequestSlot> step() {
    std::vector<RequestSlot> done;
    for (auto& [slot, member] : members) {
      ++member.steps;
      const std::int32_t allowed = (member.rate * member.steps).whole_tokens();
      while (member.emitted < allowed && member.emitted < member.output - 1) {
        ++member.emitted;
      }
      if (member.emitted == member.output - 1) {
        done.push_back(slot);
        emitted_by_finished += base::TokenParts::from_tokens(member.emitted);
      }
    }
    for (const RequestSlot slot : done) {
      members.erase(slot);
    }
    return done;
  }
  // While running and promised KV of a GPU exceed the limit, its youngest leaves.
  std::vector<RequestSlot> preempt(base::TokenParts32 limit,
                                   const std::vector<RequestSlot>& promised) {
    std::vector<RequestSlot> gone;
    for (std::uint32_t gpu = 0; gpu < kGpus; ++gpu) {
      base::TokenParts32 held = kv()[gpu];
      for (const RequestSlot slot : promised) {
        held += outside.at(slot).gpu == gpu ? outside.at(slot).kv() : base::TokenParts32();
      }
      while (held > limit) {
        auto youngest = members.end();
        for (auto it = members.begin(); it != members.end(); ++it) {
          if (it->second.gpu == gpu &&
              (youngest == members.end() || it->second.id > youngest->second.id)) {
            youngest = it;
          }
        }
        held -= youngest->second.kv();
        gone.push_back(youngest->first);
        outside.insert(members.extract(youngest));
      }
    }
    return gone;
  }
  [[nodiscard]] base::TokenParts emitted() const {
    base::TokenParts sum = emitted_by_finished;
    for (const auto* group : {&members, &outside}) {
      for (const auto& [slot, member] : *group) {
        sum += base::TokenParts(member.rate) * member.steps;
      }
    }
    return sum;
  }
};

}  // namespace epfleet::serving
