// What a session is, turn by turn: every length and think time as a pure function of (seed,
// session, turn).
// Modelled: prompt = shared prefix + carried history + new message + perhaps a document; V3 carries
//   its whole answer into the next prompt, R1 only the part that is not reasoning; what the next
//   turn can reuse is the prompt and the answer (V3) or the prompt alone (R1: its answer was
//   computed behind reasoning that the next prompt lacks). A session ends with its last turn or
//   before the context limit.
// Left out: sharing between sessions beyond the system prompt or template; edited or branching
//   histories.
// Source: reuse as in the Mooncake conversation trace (FAST 2025 release), lengths as in ServeGen's
//   deepseek-r1 trace, what is carried as in the chat templates of V3 and R1.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "epfleet/base/id.h"
#include "epfleet/base/random.h"
#include "epfleet/base/time.h"
#include "epfleet/sessions/lognormal_law.h"
#include "epfleet/sessions/turn_count_law.h"
#include "epfleet/workload/config.h"
#include "epfleet/workload/request.h"

namespace epfleet::sessions {

// One turn, with all that the turns after it depend on. Millions of these sleep: 40 bytes.
struct SessionTurn {
  base::SessionId session;
  std::int32_t prompt = 0;
  std::int32_t output = 0;
  std::int32_t reusable = 0;  // of the prompt's first tokens: earlier turns of the session had them
  std::int32_t shared_tokens = 0;
  std::uint32_t shared_id = 0;
  std::uint16_t turn = 0;   // from 0
  std::uint16_t turns = 1;  // drawn; the context limit may end the session earlier
  workload::Variant variant = workload::Variant::V3;
  workload::Channel channel = workload::Channel::Web;
};

struct TurnLengths {
  std::int32_t prompt = 0;
  std::int32_t output = 0;  // 0: there is no such turn
};

// Uniform numbers in (0, 1) behind a session's first and later turns.
struct FirstDraws {
  double turns = 0.5, identity = 0.5, shared = 0.5, message = 0.5, attachment = 0.5, output = 0.5;

  static FirstDraws from(double turns, base::Stream& stream) {
    return {turns,           stream.uniform(), stream.uniform(), stream.uniform(), stream.uniform(),
            stream.uniform()};
  }
};
struct LaterDraws {
  double message = 0.5, attachment = 0.5, output = 0.5;

  static LaterDraws from(base::Stream& stream) {
    return {stream.uniform(), stream.uniform(), stream.uniform()};
  }
};

class SessionLaw {
 public:
  static constexpr double kLongestThink = 1e9;  // seconds: for ever, and still a time

  SessionLaw(const workload::WorkloadConfig& config, std::uint64_t seed);

  // A session's id tells its class; `warm` ones began before the start of the run. Within a class
  // ids count up in order of start, so that a class can be thinned without moving another's draws.
  [[nodiscard]] static base::SessionId session_id(workload::SessionClass of, bool warm,
                                                  std::uint64_t ordinal) {
    return base::SessionId(ordinal * 8 + (warm ? 4 : 0) + static_cast<std::uint64_t>(of));
  }
  [[nodiscard]] static workload::SessionClass class_of(base::SessionId id) {
    return workload::class_of(id);
  }

  // Without draws: those of the session's own short streams.
  [[nodiscard]] SessionTurn first_turn(base::SessionId id, const FirstDraws& draws) const;
  [[nodiscard]] SessionTurn first_turn(base::SessionId id) const;

  // The turn after `turn`, if the session has one.
  [[nodiscard]] TurnLengths following(const SessionTurn& turn, const LaterDraws& draws) const;
  [[nodiscard]] TurnLengths following(const SessionTurn& turn) const;
  [[nodiscard]] static SessionTurn advance(const SessionTurn& turn, TurnLengths following);

  // Seconds between the answer to turn `turn` and the next turn: of uniform u, or of the session's
  // stream.
  [[nodiscard]] double think_seconds(workload::SessionClass of, double u) const;
  [[nodiscard]] double think_seconds(base::SessionId id, std::uint32_t turn) const;

  // No think time is shorter.
  [[nodiscard]] base::Duration shortest_think() const { return shortest_think_; }

  // The laws behind think_seconds.
  struct ThinkLaw {
    const LognormalLaw& usual;
    const LognormalLaw& long_return;
    double long_share;
  };
  [[nodiscard]] ThinkLaw think_law(workload::SessionClass of) const;

  [[nodiscard]] std::int32_t reasoning_tokens(const SessionTurn& turn) const;
  [[nodiscard]] const TurnCountLaw& turn_counts(workload::SessionClass of) const {
    return law(of).turns;
  }
  [[nodiscard]] std::size_t shared_prefixes() const { return shared_prefixes_; }

 private:
  struct ClassLaw {
    workload::SessionClassConfig config;
    std::uint32_t first_shared_id;  // two ids a prefix: V3's and R1's KV differ
    LognormalLaw first_message{config.first_message}, later_message{config.later_message};
    LognormalLaw attachment{config.attachment}, output{config.output};
    LognormalLaw think{config.think}, long_think{config.long_think};
    TurnCountLaw turns{config.turns_alpha, config.turns_beta};
    std::vector<double> template_cdf{};           // popularity, cumulated; empty: no templates
    std::vector<std::uint16_t> template_guide{};  // first template of each 1/4096 of the popularity
    std::vector<std::int32_t> template_tokens{};
  };

  [[nodiscard]] const ClassLaw& law(workload::SessionClass of) const {
    return laws_[static_cast<std::size_t>(of)];
  }
  static void draw_templates(ClassLaw& law, base::Stream stream);
  static void choose_shared(const ClassLaw& law, double u, SessionTurn& turn);
  static void choose_identity(const ClassLaw& law, double u, SessionTurn& turn);
  static std::int64_t document(const ClassLaw& law, double probability, double u);
  [[nodiscard]] std::int64_t answer(const ClassLaw& law, workload::Variant variant, double u) const;

  std::vector<ClassLaw> laws_;  // indexed by SessionClass
  base::StreamFamily first_, later_, think_;
  base::Duration shortest_think_;
  std::int64_t context_limit_, output_limit_v3_, output_limit_r1_;
  std::size_t shared_prefixes_ = 0;
};

// The first tokens of the session's next prompt that are known once this turn is finished.
[[nodiscard]] inline std::int32_t reusable_after(const SessionTurn& turn) {
  return turn.prompt + (workload::answer_is_reusable(turn.variant) ? turn.output : 0);
}

// Tokens of a turn's prompt that an ideal cache (infinite, instant, warm) of whole blocks would
// hit; at least the last prompt token is always computed.
[[nodiscard]] std::int64_t ideal_hit_tokens(const SessionTurn& turn, std::int64_t block);

}  // namespace epfleet::sessions
