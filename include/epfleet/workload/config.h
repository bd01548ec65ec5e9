// Where requests come from: session classes, totals to be met, the shape of the day, or a trace.
// All shares are fractions of 1. Every default that is a guess is marked so, with its range, in the
// key table.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "epfleet/base/time.h"
#include "epfleet/workload/plain.h"
#include "epfleet/workload/request.h"

namespace epfleet::workload {

enum class SourceKind : std::uint8_t { Sessions, TokenRateTrace, RequestTrace, Plain };

struct Lognormal {
  double median = 1.0;
  double sigma = 0.0;  // of the logarithm; 0: constant

  friend bool operator==(const Lognormal&, const Lognormal&) = default;
};

// One kind of conversation. A session draws its turns, lengths and think times from these.
struct SessionClassConfig {
  double request_share = 0.0;        // of all requests (not of sessions)
  double r1_share = 0.0;             // of the sessions that talk to R1; the rest talk to V3
  double app_share = 0.0;            // channel: app ...
  double api_share = 0.0;            // ... API; the rest is web
  std::int64_t system_prompt = 0;    // tokens that all sessions of the class share
  std::int64_t templates = 0;        // number of API templates (shared prefixes); 0: none
  double template_zipf = 1.0;        // popularity exponent of the templates
  double template_mean = 0.0;        // popularity-weighted mean length of a template, tokens
  double template_sigma = 0.0;       // lognormal spread of template lengths
  Lognormal first_message;           // tokens of the user's first message
  Lognormal later_message;           // tokens of every later one
  std::int64_t message_cap = 65536;  // longest message, tokens
  double attachment_first = 0.0;     // probability that a first message brings a document
  double attachment_later = 0.0;     // ... that a later one does
  Lognormal attachment;              // tokens of the document
  std::int64_t attachment_cap = 40000;
  Lognormal output;              // answer, tokens, reasoning included
  double reasoning_share = 0.0;  // of an R1 answer; not carried into the next prompt
  // Stop probability per session ~ Beta(alpha, beta), turns geometric; both 0: a single turn.
  double turns_alpha = 0.0;
  double turns_beta = 0.0;
  Lognormal think;                // seconds between an answer and the next turn
  double long_think_share = 0.0;  // share of gaps that are long returns
  Lognormal long_think;           // seconds
  std::int64_t priority = 0;      // the lower ones are turned away first (cluster/admission.h)

  friend bool operator==(const SessionClassConfig&, const SessionClassConfig&) = default;
};

enum class SessionClass : std::uint8_t { Api, ChatR1, ChatV3, Agent };
inline constexpr std::size_t kSessionClasses = 4;
inline constexpr base::Names<kSessionClasses> kSessionClassNames = {"api", "chat_r1", "chat_v3",
                                                                    "agent"};

// A made-up session's id tells its class: it counts up in eights, the last two bits are the class.
[[nodiscard]] constexpr SessionClass class_of(base::SessionId made_up) {
  return static_cast<SessionClass>(made_up.value() & 3U);
}

// Totals of the counted window that the generator solves its knobs for. Unset: not solved for.
struct TotalsConfig {
  std::optional<std::int64_t> input;          // tokens
  std::optional<std::int64_t> output;         // tokens
  std::optional<double> kv_per_output_token;  // tokens
  std::optional<double> hit_ratio;            // cached / input, ideal cache of the configured block
  std::optional<double> attention_pairs_per_computed_token;

  friend bool operator==(const TotalsConfig&, const TotalsConfig&) = default;
};

enum class TimeUnit : std::uint8_t { Auto, Second, Millisecond, Microsecond, Nanosecond };
inline constexpr base::Names<5> kTimeUnitNames = {"auto", "s", "ms", "us", "ns"};

// How a trace of single requests is played.
struct TraceReplayConfig {
  base::Duration from{};                  // of the trace's own time; what is before warms the store
  std::optional<base::Duration> length;   // play only this much of it; none: to its end
  std::optional<base::Duration> stretch;  // played within this time instead of its own
  std::optional<double> rate;             // requests/s over the day instead of its own
  bool repeat = false;                    // from the start again, with fresh identities
  bool warm_store = true;                 // what is before `from` is in the store
  bool lenient = false;                   // wrong lines are skipped and counted
  std::int64_t block = 0;                 // tokens of a block id; 0: as the format has it
  TimeUnit time_unit = TimeUnit::Auto;    // of times in the file; Auto: as the format has it
  std::string columns;                    // OURS=THEIRS, ...: columns of other names
  Variant variant = Variant::V3;          // of requests that do not say
  Channel channel = Channel::Api;
};

// Multiplies what is there, of any source, and leaves the rest alone. The limits below hold for the
// lengths before.
struct ScaleConfig {
  double rate = 1.0, input = 1.0, output = 1.0;
};

struct WorkloadConfig {
  SourceKind source = SourceKind::Sessions;
  std::string path;  // trace file, if the source reads one; resolved against the scenario's folder
  double rate_scale = 1.0;  // multiplies arrivals (applied after solving for the totals)
  ScaleConfig scale;
  TraceReplayConfig trace;                                  // request traces only
  PlainConfig plain;                                        // SourceKind::Plain only
  std::array<SessionClassConfig, kSessionClasses> classes;  // indexed by SessionClass
  TotalsConfig totals;
  std::string hourly_shape;  // "flat", or a CSV of 24 hourly weights from the scenario's start
  // Served but not counted; none: auto, until the state stops drifting. Whoever runs a scenario
  // replaces that by a length first.
  std::optional<base::Duration> warm_up = std::chrono::minutes(30);
  // Sessions begun so long before the run may still return. With the published day's think times,
  // turns more than 48 h after a session's start carry 3 % of all input, more than 14 days 0.03 %.
  // The totals are solved for all of them: a shorter look-back falls short of the input asked for.
  base::Duration look_back = std::chrono::hours(14 * 24);
  // A session returns no sooner than this after an answer: reading it, and the way to the service.
  // A guess (0.1 s - 2 s) that touches 7 in 10,000 of the agents' gaps and no others.
  base::Duration shortest_think = std::chrono::milliseconds(500);
  std::int64_t context_limit = 65536;    // prompt + output, tokens
  std::int64_t output_limit_v3 = 8192;   // tokens
  std::int64_t output_limit_r1 = 32768;  // tokens, reasoning included
};

// The context limit of the requests that are served: it was that of shorter ones.
[[nodiscard]] inline std::int64_t scaled_context_limit(const WorkloadConfig& config) {
  const double longest = std::max({1.0, config.scale.input, config.scale.output});
  return static_cast<std::int64_t>(longest * static_cast<double>(config.context_limit)) +
         (longest > 1.0 ? 2 : 0);  // two lengths were rounded
}
[[nodiscard]] inline double arrivals_scale(const WorkloadConfig& config) {
  return config.rate_scale * config.scale.rate;
}

}  // namespace epfleet::workload
