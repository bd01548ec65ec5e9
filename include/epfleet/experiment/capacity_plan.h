// The best value of a key under the service-level objectives: the fewest groups for the peak hour,
// the highest rate of a fleet, the most tokens per GPU. One key is searched, others are a grid
// around it.
// Modelled: whether the objectives are met is taken to change once along the searched key, and so
//   are the limits; the edges are bisected. The metric aimed at is taken to have one valley where
//   both are met. In the end an order of the tried values that contradicts this is reported.
// Left out: a guarantee; a value between two tried ones may behave otherwise (a sweep over the key
//   shows it).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "epfleet/experiment/plan_question.h"

namespace epfleet::experiment {

using Simulate = std::function<PlanPoint(const std::vector<config::Override>&)>;

// One answer for every combination of the grid. `start`: near an answer of a similar question.
// `simulate` is plan_runs.h, and replaced in tests.
[[nodiscard]] std::vector<PlanAnswer> make_plan(const PlanQuestion& question,
                                                const Simulate& simulate,
                                                std::optional<double> start = std::nullopt);

// The answer of all that is best by the question; none: no objective is met anywhere.
[[nodiscard]] const PlanAnswer* best_of(const PlanQuestion& question,
                                        const std::vector<PlanAnswer>& answers);

// The answers with their neighbours, and the best one in a sentence.
[[nodiscard]] std::string plan_text(const PlanQuestion& question,
                                    const std::vector<PlanAnswer>& answers);
// What a change of the question changes in the best answer.
[[nodiscard]] std::string change_text(const PlanQuestion& question, const std::string& change,
                                      const PlanAnswer* before, const PlanAnswer* after);

// Every point that was tried. `change`: empty for the question itself.
[[nodiscard]] std::string plan_csv_head(const PlanQuestion& question);
[[nodiscard]] std::string plan_csv_rows(const PlanQuestion& question, const std::string& change,
                                        const std::vector<PlanAnswer>& answers);
// Of the points that meet all, those that no other beats in both tokens/s per GPU and tokens/s per
// user; a whole table, fastest for the user last.
[[nodiscard]] std::string pareto_csv(const PlanQuestion& question,
                                     const std::vector<PlanAnswer>& answers);

}  // namespace epfleet::experiment
