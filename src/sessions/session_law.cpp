#include "epfleet/sessions/session_law.h"

#include <algorithm>

#include "epfleet/base/error.h"

namespace epfleet::sessions {
namespace {

constexpr std::size_t kGuide = 4096;
constexpr double kHalf = 0.5;  // to round positive numbers by cutting them off

// Nearest whole number of tokens, at least 1, at most `cap`.
std::int64_t whole_tokens(double tokens, std::int64_t cap) {
  if (tokens >= static_cast<double>(cap)) {
    return cap;
  }
  return std::max<std::int64_t>(static_cast<std::int64_t>(tokens + kHalf), 1);
}

}  // namespace

SessionLaw::SessionLaw(const workload::WorkloadConfig& config, std::uint64_t seed)
    : first_(seed, "workload.first_turn"),
      later_(seed, "workload.later_turn"),
      think_(seed, "workload.think"),
      shortest_think_(config.shortest_think),
      context_limit_(config.context_limit),
      output_limit_v3_(config.output_limit_v3),
      output_limit_r1_(config.output_limit_r1) {
  const base::StreamFamily templates(seed, "workload.template");
  laws_.reserve(workload::kSessionClasses);
  for (std::size_t c = 0; c < workload::kSessionClasses; ++c) {
    laws_.push_back({config.classes[c], static_cast<std::uint32_t>(shared_prefixes_)});
    draw_templates(laws_.back(), base::Stream(templates, c));
    const std::size_t prefixes = std::max<std::size_t>(laws_.back().template_tokens.size(),
                                                       config.classes[c].system_prompt > 0 ? 1 : 0);
    shared_prefixes_ += prefixes * workload::kVariants;
  }
}

// Popularity ~ 1 / rank^zipf; lognormal lengths, scaled so that the popularity-weighted mean is as
// configured.
void SessionLaw::draw_templates(ClassLaw& law, base::Stream stream) {
  const auto count = static_cast<std::size_t>(law.config.templates);
  EPFLEET_CHECK(count < 65536, "at most 65,535 templates a class");
  if (count == 0) {
    return;
  }
  std::vector<double> length(count);
  double weight_sum = 0.0;
  double weighted_length = 0.0;
  for (std::size_t i = 0; i < count; ++i) {
    const double weight = base::real_pow(static_cast<double>(i + 1), -law.config.template_zipf);
    length[i] = stream.lognormal(0.0, law.config.template_sigma);
    weight_sum += weight;
    weighted_length += weight * length[i];
    law.template_cdf.push_back(weight_sum);
  }
  const double scale = law.config.template_mean * weight_sum / weighted_length;
  for (std::size_t i = 0; i < count; ++i) {
    law.template_cdf[i] /= weight_sum;
    law.template_tokens.push_back(
        static_cast<std::int32_t>(whole_tokens(length[i] * scale, law.config.message_cap)));
  }
  law.template_cdf.back() = 1.0;
  for (std::size_t g = 0; g < kGuide; ++g) {
    const double share = static_cast<double>(g) / kGuide;
    law.template_guide.push_back(static_cast<std::uint16_t>(
        std::upper_bound(law.template_cdf.begin(), law.template_cdf.end(), share) -
        law.template_cdf.begin()));
  }
}

void SessionLaw::choose_shared(const ClassLaw& law, double u, SessionTurn& turn) {
  std::size_t index = 0;
  std::int64_t tokens = law.config.system_prompt;
  if (!law.template_cdf.empty()) {
    index = law.template_guide[static_cast<std::size_t>(u * kGuide)];
    while (law.template_cdf[index] <= u) {
      ++index;
    }
    tokens += law.template_tokens[index];
  }
  turn.shared_tokens = static_cast<std::int32_t>(tokens);
  turn.shared_id =
      law.first_shared_id + static_cast<std::uint32_t>(index * workload::kVariants +
                                                       static_cast<std::size_t>(turn.variant));
}

// One uniform makes two choices: within a chosen part it is uniform again.
void SessionLaw::choose_identity(const ClassLaw& law, double u, SessionTurn& turn) {
  const double r1 = law.config.r1_share;
  turn.variant = u < r1 ? workload::Variant::R1 : workload::Variant::V3;
  const double rest = u < r1 ? u / r1 : (u - r1) / (1.0 - r1);
  if (rest < law.config.app_share) {
    turn.channel = workload::Channel::App;
  } else if (rest < law.config.app_share + law.config.api_share) {
    turn.channel = workload::Channel::Api;
  }
}

std::int64_t SessionLaw::document(const ClassLaw& law, double probability, double u) {
  if (u >= probability) {
    return 0;
  }
  // The clamp keeps a quotient that rounds to 1 inside the law's domain.
  const double within = std::min(u / probability, 1.0 - 0x1p-53);
  return whole_tokens(law.attachment.quantile(within), law.config.attachment_cap);
}

std::int64_t SessionLaw::answer(const ClassLaw& law, workload::Variant variant, double u) const {
  return whole_tokens(law.output.quantile(u),
                      variant == workload::Variant::R1 ? output_limit_r1_ : output_limit_v3_);
}

SessionTurn SessionLaw::first_turn(base::SessionId id, const FirstDraws& draws) const {
  const ClassLaw& of = law(class_of(id));
  SessionTurn turn;
  turn.session = id;
  turn.turns = static_cast<std::uint16_t>(of.turns.draw(draws.turns));
  choose_identity(of, draws.identity, turn);
  choose_shared(of, draws.shared, turn);
  const std::int64_t prompt =
      turn.shared_tokens +
      whole_tokens(of.first_message.quantile(draws.message), of.config.message_cap) +
      document(of, of.config.attachment_first, draws.attachment);
  // A first prompt is cut to leave room for one token, its answer to the room that is left.
  turn.prompt = static_cast<std::int32_t>(std::min(prompt, context_limit_ - 1));
  turn.shared_tokens = std::min(turn.shared_tokens, turn.prompt);
  turn.output = static_cast<std::int32_t>(
      std::min(answer(of, turn.variant, draws.output), context_limit_ - turn.prompt));
  return turn;
}

TurnLengths SessionLaw::following(const SessionTurn& turn, const LaterDraws& draws) const {
  if (turn.turn + 1 >= turn.turns) {
    return {};
  }
  const ClassLaw& of = law(class_of(turn.session));
  const std::int64_t carried = turn.output - reasoning_tokens(turn);
  const std::int64_t prompt =
      turn.prompt + carried +
      whole_tokens(of.later_message.quantile(draws.message), of.config.message_cap) +
      document(of, of.config.attachment_later, draws.attachment);
  const std::int64_t output = answer(of, turn.variant, draws.output);
  if (prompt + output > context_limit_) {
    return {};
  }
  return {static_cast<std::int32_t>(prompt), static_cast<std::int32_t>(output)};
}

SessionTurn SessionLaw::first_turn(base::SessionId id) const {
  base::Stream stream(first_, id.value());
  return first_turn(id, FirstDraws::from(stream.uniform(), stream));
}

TurnLengths SessionLaw::following(const SessionTurn& turn) const {
  if (turn.turn + 1 >= turn.turns) {
    return {};  // the draws would cost more than the answer
  }
  base::Stream stream(later_, turn.session.value(), turn.turn + 1U);
  return following(turn, LaterDraws::from(stream));
}

SessionTurn SessionLaw::advance(const SessionTurn& turn, TurnLengths following) {
  SessionTurn next = turn;
  next.reusable = reusable_after(turn);
  next.prompt = following.prompt;
  next.output = following.output;
  ++next.turn;
  return next;
}

double SessionLaw::think_seconds(workload::SessionClass of, double u) const {
  const ThinkLaw think = think_law(of);
  const double share = think.long_share;
  const double drawn = u < share
                           ? think.long_return.quantile(std::min(u / share, 1.0 - 0x1p-53))
                           : think.usual.quantile(std::max((u - share) / (1.0 - share), 0x1p-53));
  return std::clamp(drawn, base::to_seconds(shortest_think_), kLongestThink);
}

double SessionLaw::think_seconds(base::SessionId id, std::uint32_t turn) const {
  return think_seconds(class_of(id), base::Stream(think_, id.value(), turn).uniform());
}

SessionLaw::ThinkLaw SessionLaw::think_law(workload::SessionClass of) const {
  const ClassLaw& class_law = law(of);
  return {class_law.think, class_law.long_think, class_law.config.long_think_share};
}

std::int32_t SessionLaw::reasoning_tokens(const SessionTurn& turn) const {
  if (turn.variant == workload::Variant::V3) {
    return 0;
  }
  const double share = law(class_of(turn.session)).config.reasoning_share;
  return static_cast<std::int32_t>(share * static_cast<double>(turn.output) + kHalf);
}

std::int64_t ideal_hit_tokens(const SessionTurn& turn, std::int64_t block) {
  const std::int64_t known = turn.turn == 0 ? turn.shared_tokens : turn.reusable;
  const std::int64_t hit = std::min<std::int64_t>(known, turn.prompt - 1);
  return hit - hit % block;
}

}  // namespace epfleet::sessions
