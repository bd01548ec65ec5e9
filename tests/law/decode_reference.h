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

using PerGpu = std::vector<std::int32_t>;

struct DecodeReference {
  struct Member {
    std::uint64_t id;
    std::int32_t prompt, output, rate;
    std::uint32_t gpu;
    std::int32_t steps = 0, emitted = 0;
    std::size_t half = 0;
    [[nodiscard]] std::int32_t kv() const { return 256 * prompt + steps * rate; }
  };
  std::map<Slot, Member> members, outside;  // running; on the way, or waiting for room
  std::int64_t emitted_fixed_of_finished = 0;

  // Of the whole GPUs, or of one half of each.
  [[nodiscard]] PerGpu sum(auto value, std::optional<std::size_t> half = {}) const {
    PerGpu sums(kGpus, 0);
    for (const auto& [slot, member] : members) {
      if (!half || member.half == *half) {
        sums[member.gpu] += value(member);
      }
    }
    return sums;
  }
  [[nodiscard]] PerGpu requests(std::optional<std::size_t> half = {}) const {
    return sum([](const Member& /*member*/) { return 1; }, half);
  }
  [[nodiscard]] PerGpu kv_fixed(std::optional<std::size_t> half = {}) const {
    return sum([](const Member& member) { return member.kv(); }, half);
  }

  void join(Slot slot) {
    Member& member = outside.at(slot);
    std::array<std::pair<std::int32_t, std::int32_t>, 2> loads;
    for (std::size_t half = 0; half < 2; ++half) {
      loads[half] = {requests(half)[member.gpu], kv_fixed(half)[member.gpu]};
    }
    member.half = loads[0] <= loads[1] ? 0 : 1;
    members.insert(outside.extract(slot));
  }
  // One step, one token after the other; returns who has emitted the last one.
  std::vector<Slot> step() {
    std::vector<Slot> done;
    for (auto& [slot, member] : members) {
      ++member.steps;
      const std::int32_t allowed = member.steps * member.rate / 256;
      while (member.emitted < allowed && member.emitted < member.output - 1) {
        ++member.emitted;
      }
      if (member.emitted == member.output - 1) {
        done.push_back(slot);
        emitted_fixed_of_finished += 256 * static_cast<std::int64_t>(member.emitted);
      }
    }
    for (const Slot slot : done) {
      members.erase(slot);
    }
    return done;
  }
  // While running and promised KV of a GPU exceed the limit, its youngest leaves.
  std::vector<Slot> preempt(std::int32_t limit, const std::vector<Slot>& promised) {
    std::vector<Slot> gone;
    for (std::uint32_t gpu = 0; gpu < kGpus; ++gpu) {
      std::int32_t kv = kv_fixed()[gpu];
      for (const Slot slot : promised) {
        kv += outside.at(slot).gpu == gpu ? outside.at(slot).kv() : 0;
      }
      while (kv > limit) {
        auto youngest = members.end();
        for (auto it = members.begin(); it != members.end(); ++it) {
          if (it->second.gpu == gpu &&
              (youngest == members.end() || it->second.id > youngest->second.id)) {
            youngest = it;
          }
        }
        kv -= youngest->second.kv();
        gone.push_back(youngest->first);
        outside.insert(members.extract(youngest));
      }
    }
    return gone;
  }
  [[nodiscard]] std::int64_t emitted_fixed() const {
    std::int64_t emitted = emitted_fixed_of_finished;
    for (const auto* group : {&members, &outside}) {
      for (const auto& [slot, member] : *group) {
        emitted += static_cast<std::int64_t>(member.steps) * member.rate;
      }
    }
    return emitted;
  }
};

}  // namespace epfleet::serving
