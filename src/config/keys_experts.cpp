// Keys of the experts: how popular they are, where they are placed, and what moving them takes.
#include "epfleet/experts/expert_placement.h"
#include "key_files.h"
#include "key_rows.h"

namespace epfleet::config {
namespace {

void add_popularity(Rows& rows) {
  rows.choice(EPFLEET_KEY(experts.skew),
              {{"none", "every expert as popular as the others, and perfectly even", "none"},
               {"lognormal", "popularity exp(sigma z)", "lognormal"},
               {"zipf", "popularity rank^-s", "zipf"},
               {"observed", "as in the file experts.loads", "observed"}},
              {"How the popularity of experts is spread.", "a modelling choice"});
  rows.number(EPFLEET_KEY(experts.skew_sigma), between(0.0, 3.0),
              {"Sigma of the logarithm of an expert's popularity.", "a guess"})
      .guess("0.25", "0.8");
  rows.number(EPFLEET_KEY(experts.skew_exponent), between(0.0, 3.0),
              {"Exponent s of skew zipf: the n-th most popular expert of a layer has popularity "
               "n^-s.",
               "a guess: expert kernels are measured under power laws of 0.6 to 1.2"})
      .guess("0.3", "1.2");
  rows.path(EPFLEET_KEY(experts.loads), "none",
            {"Observed loads for skew observed: a CSV, a row per layer with experts, a column per "
             "expert, as `epfleet experts --loads` reads it.",
             "free choice"});
  rows.choice(
      EPFLEET_KEY(experts.drift_model),
      {{"gradual", "every expert's popularity moves a little", experts::ExpertDrift::Gradual},
       {"jumps", "a share of the experts gets a new popularity, the others keep it",
        experts::ExpertDrift::Jumps}},
      {"How the popularity of experts changes.", "a modelling choice"});
  rows.number(
          EPFLEET_KEY(experts.drift_per_10_min), Dimension::Share, between(0.0, 1.0),
          {"Share of the log-popularity of experts (jumps: of the experts) that is redrawn in 10 "
           "minutes.",
           "a guess"})
      .guess("0.02", "0.3");
}

void add_stated_imbalance(Rows& rows) {
  const auto stated = [&](const std::string& name, auto member, const char* phase) {
    rows.number(name, member, between(1.0, 1000.0),
                {fmt::format("Tokens of the fullest GPU's experts over the mean in {}, instead of "
                             "what skew and placement make; experts.max_over_mean: X sets both.",
                             phase),
                 "free choice; an engine's makers may have published it (engine)", "1.33"},
                "none");
  };
  stated(EPFLEET_KEY(experts.max_over_mean.prefill), "prefill");
  stated(EPFLEET_KEY(experts.max_over_mean.decode), "decode");
}

}  // namespace

void add_expert_rows(Rows& rows) {
  rows.rule(EPFLEET_KEY(experts.balancer), experts::expert_rules().choices(),
            {"Rule that copies and places the experts.", "DeepSeek's EPLB; weighted is our own"});
  add_popularity(rows);
  rows.number(
      EPFLEET_KEY(experts.rebalance_every), between(1.0, kYear),
      {"Time between two placements of the experts.", "DeepSeek-V3 report: about 10 minutes"});
  rows.number(EPFLEET_KEY(experts.rebalance_delay), between(0.0, kYear),
              {"Time from when loads are observed to when the placement made of them serves.",
               "a guess: gathering, planning and loading are not published", "30 s"})
      .guess("0 s", "2 min");
  rows.choice(EPFLEET_KEY(experts.rebalance_cost),
              {{"none", "weights move beside the steps, at no cost", serving::RebalanceCost::None},
               {"stall", "a unit stops while the fullest GPU fetches its experts over RDMA",
                serving::RebalanceCost::Stall}},
              {"What moving experts costs.", "a modelling choice: between the two lies the truth"});
  rows.number(EPFLEET_KEY(experts.reshare_every), between(0.001, kYear),
              {"Rule weighted: time between two divisions of an expert's tokens among its copies; "
               "no weights move.",
               "a guess: a table per layer that dispatch reads"})
      .guess("1 s", "1 min");
  add_stated_imbalance(rows);
}

}  // namespace epfleet::config
