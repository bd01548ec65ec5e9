#include "epfleet/sessions/warm_start.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "epfleet/base/error.h"
#include "epfleet/base/random.h"
#include "per_class.h"

namespace epfleet::sessions {
namespace {

constexpr double kMostCandidates = 3e7;  // thirty times those of the published day
constexpr double kBinSeconds = workload::kDaySeconds / static_cast<double>(kDayBins);

// Draws the sleepers of one class: candidates at a rate that bounds the true one, each kept with
// the ratio.
class ClassSleepers {
 public:
  ClassSleepers(const SessionSourceSpec& spec, const SessionPlan& plan, const SessionLaw& law,
                workload::SessionClass of, base::TimePoint start)
      : spec_(spec),
        plan_(plan),
        law_(law),
        class_(of),
        start_(start),
        thinks_(law.think_law(of)),
        usual_think_s_((1.0 - thinks_.long_share) * thinks_.usual.mean()),
        long_think_s_(thinks_.long_share * thinks_.long_return.mean()),
        biased_usual_(thinks_.usual.length_biased()),
        biased_long_(thinks_.long_return.length_biased()),
        highest_rate_(plan.starts.largest()) {
    const workload::SessionClassConfig& config =
        plan.mix.config.classes[static_cast<std::size_t>(of)];
    // What was asked before the look-back is no sleeper, however long its answer takes.
    longest_service_s_ =
        std::min(spec.service.seconds(config.r1_share > 0.0 ? spec.config.output_limit_r1
                                                            : spec.config.output_limit_v3),
                 base::to_seconds(spec.config.look_back));
    // Gaps per session, by the number of the turn before: gap k exists if there are at least k + 1
    // turns.
    double sum = 0.0;
    for (std::uint32_t k = 1; law.turn_counts(of).at_least(k + 1) > 0.0; ++k) {
      sum += law.turn_counts(of).at_least(k + 1);
      gaps_until_.push_back(sum);
    }
  }

  [[nodiscard]] base::HugeVector<Sleeper> draw() const {
    base::HugeVector<Sleeper> sleepers;
    if (gaps_until_.empty()) {
      return sleepers;  // single turns
    }
    const auto c = static_cast<std::size_t>(class_);
    const double starts_per_s =
        plan_.starts_per_day[c] / workload::kDaySeconds * highest_rate_ / plan_.starts.mean();
    const double candidates =
        starts_per_s * gaps_until_.back() * (longest_service_s_ + usual_think_s_ + long_think_s_);
    if (!(candidates < kMostCandidates)) {
      throw base::InputError(
          {.key = fmt::format("workload.classes.{}.think",
                              base::name_in(workload::kSessionClassNames, class_)),
           .what = fmt::format(
               "about {:.2g} sessions would be under way at the start, each for {:.2g} s "
               "between two turns on average",
               candidates, usual_think_s_ + long_think_s_ + longest_service_s_),
           .remedy = "lower the think times or their sigma, or the traffic"});
    }
    const base::StreamFamily family(spec_.seed, "workload.warm");
    base::Stream count(family, c);  // a Poisson number: exponentials that fit into `candidates`
    std::uint64_t ordinal = 0;
    for (double sum = count.exponential(); sum < candidates; sum += count.exponential()) {
      const base::SessionId id = SessionLaw::session_id(class_, true, ordinal++);
      base::Stream stream(family, workload::kSessionClasses + id.value());
      if (const auto sleeper = candidate(id, stream)) {
        sleepers.push_back(*sleeper);
      }
    }
    return sleepers;
  }

 private:
  // A session with a gap after its k-th turn that spans the start; none if such a session is not
  // there.
  [[nodiscard]] std::optional<Sleeper> candidate(base::SessionId id, base::Stream& stream) const {
    const double gap = stream.uniform() * gaps_until_.back();
    const auto k = static_cast<std::uint32_t>(
        std::upper_bound(gaps_until_.begin(), gaps_until_.end() - 1, gap) - gaps_until_.begin() +
        1);
    // The k + 1 turns are given; only the context may end it.
    SessionTurn turn = law_.first_turn(id, FirstDraws::from(0.5, stream));
    turn.turns = TurnCountLaw::kMostTurns;
    double before_s = 0.0;  // from start to the arrival of turn k
    TurnLengths following = law_.following(turn, LaterDraws::from(stream));
    for (std::uint32_t at = 1; at < k && following.output > 0; ++at) {
      before_s += spec_.service.seconds(turn.output) + law_.think_seconds(class_, stream.uniform());
      turn = SessionLaw::advance(turn, following);
      following = law_.following(turn, LaterDraws::from(stream));
    }
    if (following.output == 0) {
      return std::nullopt;
    }
    const auto span = place(turn, stream);
    if (!span || !had_started(span->passed_s + before_s, stream)) {
      return std::nullopt;
    }
    const TurnCountLaw& counts = law_.turn_counts(class_);
    turn.turns = static_cast<std::uint16_t>(counts.draw(stream.uniform() * counts.at_least(k + 1)));
    // The prompt is stored after the prefill, an answer that can be used again at its end.
    const double used_after_s = workload::answer_is_reusable(turn.variant)
                                    ? spec_.service.seconds(turn.output)
                                    : spec_.service.prefill_s;
    Sleeper sleeper;
    sleeper.turn = SessionLaw::advance(turn, following);
    sleeper.wake = start_ + base::duration_from_seconds(span->left_s);
    sleeper.last_use =
        start_ - base::duration_from_seconds(std::max(span->passed_s - used_after_s, 0.0));
    return sleeper;
  }

  // Where the start falls between the arrivals of turn k and of the next one.
  struct Span {
    double passed_s;  // since the arrival of turn k
    double left_s;
  };
  [[nodiscard]] std::optional<Span> place(const SessionTurn& turn, base::Stream& stream) const {
    const double service_s = spec_.service.seconds(turn.output);
    const double at = stream.uniform() * (longest_service_s_ + usual_think_s_ + long_think_s_);
    const double within = stream.uniform();
    if (at < longest_service_s_) {  // in the service, if it lasts so long
      if (at >= service_s) {
        return std::nullopt;
      }
      return Span{at, service_s - at + law_.think_seconds(class_, within)};
    }
    const bool usual = at < longest_service_s_ + usual_think_s_;
    const double think_s = std::min((usual ? biased_usual_ : biased_long_).quantile(within),
                                    SessionLaw::kLongestThink);
    const double passed = stream.uniform();
    return Span{service_s + passed * think_s, (1.0 - passed) * think_s};
  }

  // Whether a session had started so long before the run.
  [[nodiscard]] bool had_started(double before_s, base::Stream& stream) const {
    return before_s <= base::to_seconds(spec_.config.look_back) &&
           stream.uniform() * highest_rate_ < plan_.starts.at(base::to_seconds(start_) - before_s);
  }

  const SessionSourceSpec& spec_;
  const SessionPlan& plan_;
  const SessionLaw& law_;
  workload::SessionClass class_;
  base::TimePoint start_;
  SessionLaw::ThinkLaw thinks_;
  double usual_think_s_, long_think_s_;  // parts of the mean think time
  LognormalLaw biased_usual_, biased_long_;
  double highest_rate_;
  double longest_service_s_ = 0.0;  // that is drawn
  std::vector<double> gaps_until_;  // [k - 1]: expected gaps after turns 1 .. k of a session
};

}  // namespace

base::HugeVector<Sleeper> draw_sleepers(const SessionSourceSpec& spec, const SessionPlan& plan,
                                        const SessionLaw& law, base::TimePoint start) {
  auto parts = per_class(spec.worker, [&](workload::SessionClass of) {
    return ClassSleepers(spec, plan, law, of, start).draw();
  });
  base::HugeVector<Sleeper> sleepers;
  for (base::HugeVector<Sleeper>& part : parts) {
    sleepers.insert(sleepers.end(), part.begin(), part.end());
    part = base::HugeVector<Sleeper>();  // with its memory, which `= {}` keeps
  }
  return sleepers;
}

// Sessions that had their last turn at time t: starts before, through the kernel. Periodic, as the
// starts are.
std::vector<workload::WarmTotal> expected_warm_totals(const SessionSourceSpec& spec,
                                                      const SessionPlan& plan,
                                                      base::TimePoint start) {
  const std::vector<double> starts = plan.starts.bin_means(kDayBins);
  std::vector<double> ended(kDayBins, 0.0);  // tokens a day
  for (std::size_t lag = 0; lag < kDayBins; ++lag) {
    for (std::size_t bin = 0; bin < kDayBins; ++bin) {
      ended[(bin + lag) % kDayBins] += starts[bin] / plan.starts.mean() * plan.kernels.ended[lag];
    }
  }
  const workload::DayCurve per_day(ended);
  const double end_s = base::to_seconds(start);
  const auto buckets =
      static_cast<std::int64_t>(base::to_seconds(spec.config.look_back) / kBinSeconds);
  std::vector<workload::WarmTotal> totals;
  for (std::int64_t bucket = buckets; bucket > 0; --bucket) {
    const double from_s = end_s - static_cast<double>(bucket) * kBinSeconds;
    const double tokens = per_day.integral(from_s, from_s + kBinSeconds) / workload::kDaySeconds;
    const base::TimePoint middle =
        start - base::duration_from_seconds((static_cast<double>(bucket) - 0.5) * kBinSeconds);
    totals.push_back({middle, static_cast<std::int64_t>(std::floor(tokens))});
  }
  return totals;
}

}  // namespace epfleet::sessions
