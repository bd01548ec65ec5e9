// How much attention work a GPU of a prefill unit does in one step, for which all others wait.
#pragma once

#include <cstdint>

#include "epfleet/timing/step_price.h"

namespace epfleet::serving {

// Tokens of the prompts in the published profile, without hits: they define the budget of a step.
inline constexpr std::int32_t kStandardPrompt = 4096;

// The attention work of a full token budget of standard prompts: the work budget of a step.
[[nodiscard]] double standard_work_budget_s(const timing::PrefillWork& work,
                                            std::int32_t max_tokens_per_gpu);

// What a GPU may do in a step, in seconds: the budget where as much waits, else twice what waits
// for the mean GPU, so that nobody waits long for the longest prompt and what waits is done as
// soon; at least work that is worth the step's own time.
[[nodiscard]] double usual_work_s(double budget_s, double waiting_s, double fixed_s);

// The work of a step, in seconds, that a prompt too long for one is best cut to. Of a step of t
// seconds F serve no new token: the step's own time, and keys and values of what is computed
// already, made again. So R tokens of m seconds each take D(t) = R m t / (t - F). Who comes
// meanwhile, `others` a second, waits longer than for usual steps of t0: for the running one and
// for his own. The sum of what all wait, D (1 + 2 others (t - t0)), is least at
//     t = F + sqrt(F^2 + F (1 / (2 others) - t0)),
// but never below t0: as long as can be where nobody comes, as usual where many do.
[[nodiscard]] double long_chunk_work_s(double fixed_s, double usual_s, double others_per_second);

}  // namespace epfleet::serving
