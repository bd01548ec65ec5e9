// A request as it reaches the service: what a front end would know, plus what only the simulator
// may know (its output length), which no policy gets to see.
#pragma once

#include <cstdint>
#include <string_view>

#include "epfleet/base/id.h"
#include "epfleet/base/names.h"
#include "epfleet/base/time.h"

namespace epfleet::workload {

enum class Variant : std::uint8_t { V3, R1 };
enum class Channel : std::uint8_t { Web, App, Api };
inline constexpr std::size_t kVariants = 2;
inline constexpr std::size_t kChannels = 3;
inline constexpr base::Names<kVariants> kVariantNames = {"v3", "r1"};
inline constexpr base::Names<kChannels> kChannelNames = {"web", "app", "api"};

[[nodiscard]] constexpr std::string_view name_of(Variant variant) {
  return base::name_in(kVariantNames, variant);
}
[[nodiscard]] constexpr std::string_view name_of(Channel channel) {
  return base::name_in(kChannelNames, channel);
}

// Whether the KV of an answer can be hit by the next turn: V3's can; R1's was computed behind
// reasoning that the next prompt lacks.
[[nodiscard]] constexpr bool answer_is_reusable(Variant variant) { return variant == Variant::V3; }

// Where the prompt's first tokens have been seen before. The prompt begins with `shared_tokens` of
// shared prefix `shared_id` (a system prompt or an API template); its first `session_tokens` tokens
// (which include the shared ones) were part of this session's earlier turns and may be stored.
struct PrefixIdentity {
  std::uint32_t shared_id = 0;  // dense index of the shared prefix, if shared_tokens > 0
  std::int32_t shared_tokens = 0;
  std::int32_t session_tokens = 0;  // 0 on a first turn
  std::uint32_t session_slot = 0;   // dense index of a live session, reused after its last request
  bool first_turn = true;           // a new session in session_slot
  bool returns = false;             // another turn of this session will come
};

// 64 bytes, what the inner loop reads most often last (see serving/live_request.h).
struct Request {
  base::RequestId id;
  base::SessionId session;
  base::TimePoint arrival;
  std::int32_t reasoning_tokens = 0;  // among the output
  // Token-rate traces state hits; -1: the cache model decides.
  std::int32_t stated_cached_tokens = -1;
  std::uint16_t turn = 0;
  Variant variant = Variant::V3;
  Channel channel = Channel::Web;
  PrefixIdentity prefix;
  std::int32_t prompt_tokens = 0;
  std::int32_t output_tokens = 0;  // >= 1; hidden from policies
};
static_assert(sizeof(Request) == 64);

}  // namespace epfleet::workload
