// Node time, in integer node-nanoseconds:
//     busy + idle + loading + draining = allotted = integral of the schedule
//     loading  = start-up x nodes of every up step,   draining = lead x nodes of every down step
//     busy     = sum over finished steps of duration x nodes (plus the step under way)
//     cost     = price x GPUs of a node x node time
#include <gtest/gtest.h>

#include "epfleet/config/loader.h"
#include "epfleet/experiment/run_scenario.h"
#include "epfleet/policy/registry.h"
#include "support/places.h"
#include "support/small_fleet.h"

namespace epfleet::test {
namespace {

using base::Duration;
using std::chrono::minutes;
using std::chrono::seconds;
using NodeTime = observe::FleetSample::NodeTime;

constexpr std::int64_t kNodes = 4;  // of a unit of the small fleet, prefill and decode alike

NodeTime all(const observe::FleetSample& sample) {
  NodeTime sum = sample.prefill_node_ns;
  sum.busy += sample.decode_node_ns.busy;
  sum.idle += sample.decode_node_ns.idle;
  sum.loading += sample.decode_node_ns.loading;
  sum.draining += sample.decode_node_ns.draining;
  return sum;
}

// What the schedule allots, summed by hand from its steps: {at, groups} after the start.
struct Step {
  Duration at;
  std::int64_t groups;
};

std::int64_t allotted_ns(const std::vector<Step>& steps, Duration warm_up, Duration duration) {
  std::int64_t sum = 0;
  std::int64_t groups = 0;
  Duration since = -warm_up;
  for (const Step& step : steps) {
    sum += (step.at - since).count() * (1 + groups) * 2 * kNodes;
    since = step.at;
    groups = step.groups;
  }
  return sum + (duration - since).count() * (1 + groups) * 2 * kNodes;
}

std::vector<std::string> schedule(const std::vector<Step>& steps,
                                  const std::vector<std::string>& more = {}) {
  std::string list;
  for (const Step& step : steps) {
    list += "{at: " + std::to_string(std::chrono::duration_cast<seconds>(step.at).count()) +
            " s, groups: " + std::to_string(step.groups) + "}, ";
  }
  std::vector<std::string> keys = {"scaling.policy=schedule", "scaling.schedule=[" + list + "]",
                                   "scaling.start_up=20 s", "scaling.drain_lead=15 s"};
  keys.insert(keys.end(), more.begin(), more.end());
  return keys;
}

const std::vector<Step> kUpAndDown = {{seconds(30), 2},  {seconds(90), 3},  {seconds(150), 1},
                                      {seconds(200), 2}, {seconds(260), 0}, {seconds(320), 1}};

TEST(NodeTimeLaws, AllottedIsTheIntegralOfTheSchedule) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const FleetRun run = run_fleet(replayed_fleet(seed, schedule(kUpAndDown)));
    const NodeTime time = all(run.ledger.last());
    EXPECT_EQ(time.allotted(), allotted_ns(kUpAndDown, minutes(2), minutes(6)));
    // up: 2, 1, 1 and 1 groups of 2 units; down: 2 and 2
    EXPECT_EQ(time.loading, (2 + 1 + 1 + 1) * 2 * kNodes * Duration(seconds(20)).count());
    EXPECT_EQ(time.draining, (2 + 2) * 2 * kNodes * Duration(seconds(15)).count());
    for (const observe::FleetSample& sample : run.ledger.samples) {
      std::int64_t groups = 0;
      for (const Step& step : kUpAndDown) {
        groups = base::kWindowStart + step.at < sample.time ? step.groups : groups;
      }
      EXPECT_EQ(sample.prefill_nodes_allotted, (1 + groups) * kNodes);
      EXPECT_EQ(sample.decode_nodes_allotted, (1 + groups) * kNodes);
      EXPECT_EQ(sample.nodes_serving + sample.nodes_draining + sample.nodes_loading,
                2 * (1 + groups) * kNodes);
    }
  }
}

// Every state the same to the nanosecond in a fleet where nothing ever starts or stops.
TEST(NodeTimeLaws, BusyIsTheTimeOfSteps) {
  const FleetRun run = run_fleet(replayed_fleet(4));
  const observe::FleetSample& last = run.ledger.last();
  std::int64_t prefill = 0, decode = 0;
  for (const observe::PrefillStepDone& step : run.ledger.prefill_steps) {
    prefill += (step.end - step.start).count() * kNodes;
  }
  for (const observe::DecodeStepDone& step : run.ledger.decode_steps) {
    decode += (step.end - step.start).count() * kNodes;
  }
  // A step under way at the end is busy and not yet announced.
  EXPECT_GE(last.prefill_node_ns.busy, prefill);
  EXPECT_LT(last.prefill_node_ns.busy - prefill, Duration(seconds(10)).count() * kNodes);
  EXPECT_GE(last.decode_node_ns.busy, decode);
  EXPECT_LT(last.decode_node_ns.busy - decode, Duration(seconds(1)).count() * kNodes);
  EXPECT_EQ(last.prefill_node_ns.allotted(), Duration(minutes(8)).count() * kNodes);
  EXPECT_EQ(last.decode_node_ns.allotted(), Duration(minutes(8)).count() * kNodes);
}

// Waiting for answers to end takes longer than the lead: the nodes stay charged until they are
// empty, never a moment less than the schedule says, and are given back in the end.
TEST(NodeTimeLaws, UnitsThatWaitAreChargedUntilTheyAreEmpty) {
  const std::vector<Step> steps = {{seconds(10), 1}, {seconds(60), 0}};
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    const FleetRun run = run_fleet(
        replayed_fleet(seed, schedule(steps, {"scaling.drain=wait", "workload.output_limit_r1=4096",
                                              "workload.output_limit_v3=4096"})));
    const NodeTime time = all(run.ledger.last());
    const std::int64_t planned = allotted_ns(steps, minutes(2), minutes(6));
    EXPECT_GT(time.allotted(), planned);
    // 4,096 tokens at 50 ms a step of 1.8
    EXPECT_LT(time.allotted() - planned, Duration(seconds(180)).count() * kNodes);
    EXPECT_EQ(run.ledger.last().decode_nodes_allotted, kNodes);
    EXPECT_EQ(run.ledger.last().nodes_draining, 0);
    // requests that were on the leaving unit finished there
    for (const observe::RequestDone& request : run.ledger.requests) {
      if (request.entered_decode && request.decode_unit == base::UnitId(1)) {
        EXPECT_EQ(request.outcome(), observe::Outcome::Completed);
        EXPECT_LT(request.first_token, base::kWindowStart + seconds(45));
      }
    }
  }
}

// Two steps closer together than the lead: what has begun to drain for the second one must not
// serve again because of the first.
TEST(NodeTimeLaws, DownStepsCloserThanTheLeadKeepTheSchedule) {
  const std::vector<Step> steps = {
      {seconds(30), 3}, {seconds(100), 2}, {seconds(105), 1}, {seconds(110), 0}};
  const FleetRun run = run_fleet(replayed_fleet(1, schedule(steps)));
  EXPECT_EQ(all(run.ledger.last()).allotted(), allotted_ns(steps, minutes(2), minutes(6)));
  EXPECT_EQ(run.ledger.last().nodes_serving, 2 * kNodes);
}

// Up and down again within the lead, before and after the group has loaded.
TEST(NodeTimeLaws, AGroupWantedForLessThanTheLeadIsGivenBack) {
  for (const int stay_s : {5, 12, 25}) {
    SCOPED_TRACE(stay_s);
    const std::vector<Step> steps = {
        {seconds(60), 1}, {seconds(60 + stay_s), 0}, {seconds(200), 2}, {seconds(204), 1}};
    const FleetRun run = run_fleet(replayed_fleet(2, schedule(steps, {"scaling.start_up=10 s"})));
    EXPECT_EQ(all(run.ledger.last()).allotted(), allotted_ns(steps, minutes(2), minutes(6)));
    EXPECT_EQ(run.ledger.last().nodes_serving, 4 * kNodes);
  }
}

// Down and up again within the lead: never off, never loading again what was still there.
TEST(NodeTimeLaws, AShortDipKeepsTheSchedule) {
  const std::vector<Step> steps = {{seconds(30), 2}, {seconds(120), 1}, {seconds(126), 2}};
  const FleetRun run = run_fleet(replayed_fleet(3, schedule(steps)));
  EXPECT_EQ(all(run.ledger.last()).allotted(), allotted_ns(steps, minutes(2), minutes(6)));
  EXPECT_EQ(run.ledger.last().nodes_serving, 6 * kNodes);
}

// price x 8 GPUs x node hours = cost, and GPU hours / 8 = the sum of the states.
TEST(NodeTimeLaws, CostIsPriceTimesNodeTime) {
  const config::Scenario scenario = replayed_fleet(5, schedule(kUpAndDown));
  const report::RunReport report = experiment::run_scenario(scenario, {});
  std::vector<Step> in_window = kUpAndDown;
  const std::int64_t node_ns = allotted_ns(in_window, Duration{}, minutes(6));
  const double gpu_hours = static_cast<double>(node_ns) * 8 / 3.6e12;
  EXPECT_NEAR(report.statement.total.gpu_hours, gpu_hours, gpu_hours * 1e-12);
  EXPECT_NEAR(report.statement.total.cost_usd, 2.0 * gpu_hours, gpu_hours * 1e-12);
  const metrics::NodeUse& nodes = report.statistics.nodes;
  EXPECT_EQ(nodes.prefill_ns.allotted() + nodes.decode_ns.allotted(), node_ns);
}

// The published day from its schedule alone: mean 226.75 nodes, 278 at most, 87,072 USD.
TEST(NodeTimeLaws, ThePublishedDayComesOutOfItsSchedule) {
  const config::Scenario day = config::load_scenario(source_dir() + "/configs/deepseek_day.yaml");
  const cluster::FleetSpec& spec = day;
  const auto rule =
      policy::scaling_rules()["schedule"]({day.scaling, day.fleet.base, day.fleet.group,
                                           day.fleet.groups, base::kWindowStart, day.window_end()});
  const std::int64_t gpus_per_node = spec.decode_hardware.gpus_per_node;
  const auto nodes = [&](policy::UnitCounts units) {
    return (units.prefill_units * spec.prefill.gpus + units.decode_units * spec.decode.gpus) /
           gpus_per_node;
  };
  std::int64_t node_ns = 0;
  std::int64_t peak = 0;
  for (base::TimePoint now = base::kWindowStart; now < spec.window_end();) {
    const policy::Target target = rule->decide({}, now);
    const base::TimePoint until = std::min(target.next, spec.window_end());
    node_ns += (until - now).count() * nodes(target.allotted);
    peak = std::max(peak, nodes(target.allotted));
    now = until;
  }
  EXPECT_EQ(peak, 278);
  EXPECT_EQ(node_ns * 4, 907 * day.duration.count());  // 226.75 = 907 / 4
  EXPECT_DOUBLE_EQ(day.prices.gpu_hour.count() * static_cast<double>(gpus_per_node) *
                       static_cast<double>(node_ns) / 3.6e12,
                   87'072.0);
}

}  // namespace
}  // namespace epfleet::test
