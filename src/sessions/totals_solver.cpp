#include "epfleet/sessions/totals_solver.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "epfleet/base/error.h"
#include "epfleet/base/real_math.h"
#include "epfleet/base/remembered.h"
#include "epfleet/sessions/root_search.h"

namespace epfleet::sessions {
namespace {

constexpr std::uint32_t kCoarsePaths = 1U << 14U;  // for the slopes and most of the way
// For the solution: standard error 0.06 %. A window of fewer requests than paths is noisier than
// that by itself (its sums have sd 2 % at 150,000 requests), so it gets fewer paths.
constexpr std::uint32_t kFinePaths = 1U << 17U;
constexpr double kCoarseClose = 1e-3;  // of the logarithms of achieved / asked
// Hits jump by up to 0.15 % where the most popular template crosses a block: closer may not exist.
constexpr double kFineClose = 4e-4;
constexpr double kReached = 1e-3;
constexpr double kFarOff = 0.02;  // a finer look would not help; nearer is told, not refused
constexpr int kMostSteps = 30;
constexpr int kMostFineSteps = 4;

// One total that is asked for beside the number of sessions, the moments' value of it, its knob.
struct Target {
  std::string name;
  double asked;
  double (*value)(const SessionMoments& mix);
  std::string knob;
  void (*move)(workload::SessionClassConfig& of, double factor);
  double most;  // the knob's factor stays within 1 / most .. most
};

SessionMoments mix_moments(const workload::WorkloadConfig& config, const MixMoments& moments) {
  SessionMoments mix;  // per request, up to the sum of the shares
  for (std::size_t c = 0; c < workload::kSessionClasses; ++c) {
    mix.add(moments[c], config.classes[c].request_share / moments[c].requests);
  }
  return mix;
}

std::vector<Target> asked_targets(const workload::TotalsConfig& totals) {
  std::vector<Target> targets;
  if (totals.input && totals.output) {
    targets.push_back(
        {"output", static_cast<double>(*totals.output) / static_cast<double>(*totals.input),
         [](const SessionMoments& mix) { return mix.output / mix.input; },
         "classes.*.output.median",
         [](workload::SessionClassConfig& of, double factor) { of.output.median *= factor; }, 8.0});
  }
  if (totals.kv_per_output_token) {
    targets.push_back({"kv_per_output_token", *totals.kv_per_output_token,
                       [](const SessionMoments& mix) { return mix.kv_per_output_token(); },
                       "classes.*.{first,later}_message.median",
                       [](workload::SessionClassConfig& of, double factor) {
                         of.first_message.median *= factor;
                         of.later_message.median *= factor;
                       },
                       8.0});
  }
  if (totals.hit_ratio) {
    targets.push_back(
        {"hit_ratio", *totals.hit_ratio, [](const SessionMoments& mix) { return mix.hit_ratio(); },
         "classes.*.template_mean",
         [](workload::SessionClassConfig& of, double factor) { of.template_mean *= factor; }, 8.0});
  }
  if (totals.attention_pairs_per_computed_token) {
    targets.push_back(
        {"attention_pairs_per_computed_token", *totals.attention_pairs_per_computed_token,
         [](const SessionMoments& mix) { return mix.pairs_per_computed_token(); },
         "classes.*.first_message.sigma",
         [](workload::SessionClassConfig& of, double factor) { of.first_message.sigma *= factor; },
         2.0});
  }
  return targets;
}

class Solver {
 public:
  Solver(const workload::WorkloadConfig& config, std::uint64_t seed, std::int64_t block,
         base::Worker* worker)
      : start_(config),
        seed_(seed),
        block_(block),
        worker_(worker),
        targets_(asked_targets(config.totals)) {}

  void run() {
    RootSearch::Point bound;
    for (const Target& target : targets_) {
      bound.push_back(base::real_log(target.most));
    }
    RootSearch search(bound);
    const auto coarse = [this](const auto& knobs) { return residual(knobs, kCoarsePaths); };
    (void)coarse(search.best());
    given_requests_ = requests(mix_moments(start_, moments_));
    const std::uint32_t fine_paths = paths_for(given_requests_);
    const auto fine = [&](const auto& knobs) { return residual(knobs, fine_paths); };
    if (!targets_.empty()) {
      search.measure_slopes(coarse);
      search.improve(coarse, kCoarseClose, kMostSteps);
    }
    if (targets_.empty() || search.error() < kFarOff) {
      search.improve(fine, kFineClose, kMostFineSteps);
    }
    if (search.error() > kFarOff) {
      refuse(search.value());
    }
    missed_ = search.value();
    if (search.best() != evaluated_) {
      (void)fine(search.best());
    }
  }

  [[nodiscard]] SolvedMix solution() const {
    const workload::TotalsConfig& totals = start_.totals;
    SolvedMix solved;
    solved.config = moved(evaluated_);
    solved.moments = moments_;
    const SessionMoments mix = mix_moments(solved.config, moments_);
    const double count = requests(mix);
    for (std::size_t c = 0; c < workload::kSessionClasses; ++c) {
      solved.sessions[c] = count * solved.config.classes[c].request_share / moments_[c].requests;
    }
    if (totals.input) {
      solved.totals.push_back(
          {"input_tokens", static_cast<double>(*totals.input), count * mix.input});
    }
    if (totals.output) {
      solved.totals.push_back(
          {"output_tokens", static_cast<double>(*totals.output), count * mix.output});
    }
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      if (targets_[i].name != "output") {
        solved.totals.push_back({targets_[i].name, targets_[i].asked, targets_[i].value(mix)});
      }
    }
    solved.totals.push_back({workload::kSolvedRequests, given_requests_, count});
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      if (!is_reached(missed_[i])) {
        solved.notes.push_back(fmt::format("workload.totals.{}: {}, and that is what is simulated",
                                           targets_[i].name, reachable(i, missed_[i])));
      }
    }
    return solved;
  }

 private:
  // How many requests of a mix make up the total input, or output.
  [[nodiscard]] double requests(const SessionMoments& mix) const {
    const workload::TotalsConfig& totals = start_.totals;
    return totals.input ? static_cast<double>(*totals.input) / mix.input
                        : static_cast<double>(totals.output.value_or(0)) / mix.output;
  }
  static std::uint32_t paths_for(double requests) {
    std::uint32_t paths = kCoarsePaths;
    while (paths < kFinePaths && paths < requests) {
      paths *= 2;
    }
    return paths;
  }

  [[nodiscard]] workload::WorkloadConfig moved(const RootSearch::Point& knobs) const {
    workload::WorkloadConfig config = start_;
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      for (workload::SessionClassConfig& of : config.classes) {
        targets_[i].move(of, base::real_exp(knobs[i]));
      }
    }
    return config;
  }

  // log(achieved / asked) of every target.
  [[nodiscard]] RootSearch::Point residual(const RootSearch::Point& knobs, std::uint32_t paths) {
    constexpr double kNone = 1e-9;  // a mix may hit nothing at all
    const workload::WorkloadConfig config = moved(knobs);
    moments_ = session_moments(SessionLaw(config, seed_), block_, worker_, paths);
    evaluated_ = knobs;
    const SessionMoments mix = mix_moments(config, moments_);
    RootSearch::Point values;
    for (const Target& target : targets_) {
      values.push_back(base::real_log(std::max(target.value(mix), kNone) / target.asked));
    }
    return values;
  }

  static bool is_reached(double residual) { return std::fabs(residual) <= kReached; }

  [[nodiscard]] std::string reachable(std::size_t target, double residual) const {
    const double scale = targets_[target].name == "output"
                             ? static_cast<double>(start_.totals.input.value_or(1))
                             : 1.0;
    const double asked = scale * targets_[target].asked;
    return fmt::format("asked {:.6g}, but with the other totals about {:.6g} is reachable", asked,
                       asked * base::real_exp(residual));
  }

  [[noreturn]] void refuse(const RootSearch::Point& residual) const {
    std::vector<base::Problem> problems;
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      if (is_reached(residual[i])) {
        continue;
      }
      problems.push_back(
          {.key = "workload.totals." + targets_[i].name,
           .what = reachable(i, residual[i]),
           .remedy = fmt::format(
               "ask for a nearer value, or change the session classes (the knob is workload.{})",
               targets_[i].knob)});
    }
    throw base::InputError(std::move(problems));
  }

  const workload::WorkloadConfig& start_;
  std::uint64_t seed_;
  std::int64_t block_;
  base::Worker* worker_;
  std::vector<Target> targets_;
  double given_requests_ = 0.0;  // that the first total takes with the classes as they stand
  RootSearch::Point evaluated_;  // knobs, as logarithms of their factors, of the latest evaluation
  MixMoments moments_;           // there
  RootSearch::Point missed_;     // at the solution: log(achieved / asked)
};

// All that a solution depends on.
struct Question {
  std::array<workload::SessionClassConfig, workload::kSessionClasses> classes;
  workload::TotalsConfig totals;
  base::Duration shortest_think{};
  std::int64_t context_limit = 0, output_limit_v3 = 0, output_limit_r1 = 0;
  std::uint64_t seed = 0;
  std::int64_t block = 0;

  // Nothing else of a configuration reaches the solver.
  [[nodiscard]] workload::WorkloadConfig config() const {
    workload::WorkloadConfig config;
    config.classes = classes;
    config.totals = totals;
    config.shortest_think = shortest_think;
    config.context_limit = context_limit;
    config.output_limit_v3 = output_limit_v3;
    config.output_limit_r1 = output_limit_r1;
    return config;
  }

  friend bool operator==(const Question&, const Question&) = default;
};

SolvedMix solution_of(const Question& question, base::Worker* worker) {
  const workload::WorkloadConfig config = question.config();
  Solver solver(config, question.seed, question.block, worker);
  solver.run();
  return solver.solution();
}

constexpr std::size_t kRemembered = 16;  // of a few kB

}  // namespace

SolvedMix solve_totals(const workload::WorkloadConfig& config, std::uint64_t seed,
                       std::int64_t block, base::Worker* worker) {
  const workload::TotalsConfig& totals = config.totals;
  if (!totals.input && !totals.output) {
    throw base::InputError(
        {.key = "workload.totals.input",
         .what = "neither input nor output tokens are given, so the number of sessions is unknown",
         .remedy = "give workload.totals.input or workload.totals.output"});
  }
  const Question question{config.classes,
                          config.totals,
                          config.shortest_think,
                          config.context_limit,
                          config.output_limit_v3,
                          config.output_limit_r1,
                          seed,
                          block};
  static base::Remembered<Question, SolvedMix> latest(kRemembered);
  SolvedMix mix = latest.get(question, [&] { return solution_of(question, worker); });
  const auto solved = mix.config.classes;
  mix.config = config;  // the rest is not the question's
  mix.config.classes = solved;
  return mix;
}

}  // namespace epfleet::sessions
