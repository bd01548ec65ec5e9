#include "epfleet/report/step_report.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "epfleet/report/chrome_trace.h"

namespace epfleet::report {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

StepReport decode_report(std::int64_t requests, std::int64_t context, bool overlap = true) {
  model::DecodeLayout layout;
  layout.overlap = overlap ? model::Overlap::DualBatch : model::Overlap::None;
  StepReport report;
  report.gpus = layout.gpus;
  report.redundant_experts = layout.redundant_experts;
  report.experts_per_gpu = 2;
  report.overlap_rule = overlap ? "dual_batch" : "none";
  report.draft_tokens = 1;
  report.acceptance = 0.8;
  report.per_gpu = requests;
  report.tokens = context;
  report.anatomy = timing::decode_anatomy({{}, {}, layout, {}}, static_cast<double>(requests),
                                          static_cast<double>(requests * context));
  report.tokens_per_s_per_gpu = 2'000.0;
  report.tokens_per_s_request = 20.0;
  report.hbm = {84'000'000'000, 24'000'000'000, 2'000'000'000,
                6'000'000'000,  700'000,        requests * context};
  return report;
}

StepReport prefill_report() {
  StepReport report;
  report.decode = false;
  report.gpus = 32;
  report.redundant_experts = 32;
  report.experts_per_gpu = 9;
  report.per_gpu = 16'384;
  report.tokens = 4'096;
  report.anatomy =
      timing::prefill_anatomy({{}, {}, {}, {}}, timing::batch_of_prompts(16'384, 4'096));
  report.tokens_per_s_per_gpu = 7'800.0;
  return report;
}

std::set<std::string> keys(const json& object) {
  std::set<std::string> names;
  for (const auto& [key, value] : object.items()) {
    names.insert(key);
  }
  return names;
}

TEST(StepJson, HasEveryPromisedKey) {
  const json decode = json::parse(step_json(decode_report(128, 4'096)));
  const json prefill = json::parse(step_json(prefill_report()));
  for (const json& step : {decode, prefill}) {
    for (const char* key :
         {"phase", "step_s", "layer_s", "stages_us", "tokens_per_s_per_gpu",
          "tokens_per_s_per_node", "breakdown_ms", "hbm", "bound", "out_of_range"}) {
      EXPECT_TRUE(step.contains(key)) << key;
    }
    for (const char* row :
         {"overall", "dispatch_barrier", "dispatch_core", "combine_barrier", "combine_core", "moe",
          "attention_core", "gemm", "other", "compute_bubble", "comm_bubble"}) {
      EXPECT_TRUE(step.at("breakdown_ms").contains(row)) << row;
    }
    EXPECT_TRUE(step.at("hbm").contains("weights_bytes"));
    EXPECT_TRUE(step.at("hbm").contains("kv_capacity_tokens"));
    EXPECT_TRUE(step.at("out_of_range").is_boolean());
    for (const auto& [phase, bound] : step.at("bound").items()) {
      EXPECT_TRUE(bound == "compute" || bound == "communication") << phase;
    }
  }
  EXPECT_EQ(keys(decode.at("stages_us")),
            (std::set<std::string>{"shared", "attn0", "attn1", "mlp", "dispatch", "combine"}));
  EXPECT_EQ(keys(prefill.at("stages_us")),
            (std::set<std::string>{"shared", "attn", "mlp", "dispatch", "combine"}));
  EXPECT_EQ(decode.at("phase"), "decode");
  EXPECT_EQ(decode.at("tokens_per_s_per_node"), 16'000.0);
}

// Parts of the step add up to it, phases to the layer.
TEST(StepJson, PartsAddUp) {
  for (const StepReport& report :
       {decode_report(128, 4'096), decode_report(16, 4'096, false), prefill_report()}) {
    const json step = json::parse(step_json(report));
    double sum = 0.0;
    for (const auto& [part, took] : step.at("step_parts_s").items()) {
      sum += took.get<double>();
    }
    EXPECT_NEAR(sum, step.at("step_s").get<double>(), 1e-12);
  }
}

TEST(StepJson, SeveralAreAList) {
  const std::vector<StepReport> reports{decode_report(32, 1'024), decode_report(64, 1'024)};
  const json list = json::parse(steps_json(reports));
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[1].at("requests_per_gpu"), 64);
  EXPECT_EQ(list[1].at("context_tokens"), 1'024);
}

TEST(StepJson, OutsideCalibrationIsSaid) {
  const json step = json::parse(step_json(decode_report(1, 40'000)));
  EXPECT_EQ(step.at("out_of_range"), true);
  EXPECT_THAT(step.at("warnings").at(0).get<std::string>(), HasSubstr("calibrated up to 32768"));
}

TEST(StepText, IsAPageForAPerson) {
  StepReport report = decode_report(128, 4'096);
  report.warnings = {"it is only a test"};
  const std::string page = step_text(report, {.color = false, .width = 100});
  for (const char* text :
       {"decode step   EP144", "128 requests a GPU with 4,096 tokens", "16,000 tokens/s a node",
        "SHARED(0) + ATTN-0(1) | DISPATCH(0)", "58 layers with experts", "combine, not hidden",
        "700,000 tokens of KV", "! it is only a test"}) {
    EXPECT_THAT(page, HasSubstr(text));
  }
  EXPECT_THAT(page, Not(HasSubstr("extrapolated")));
  EXPECT_THAT(step_text(decode_report(1, 40'000), {}), HasSubstr("extrapolated: 40000 tokens"));
  EXPECT_THAT(step_text(prefill_report(), {}), HasSubstr("ATTN(0) | DISPATCH(1)"));
  EXPECT_THAT(step_text(decode_report(8, 1'000, false), {}), Not(HasSubstr("barrier")));
}

// Two rows of three columns; the last column is beyond calibration.
TEST(StepGrid, HasARowPerBatchAndAColumnPerLength) {
  std::vector<StepReport> reports;
  for (const std::int64_t requests : {8, 16}) {
    for (const std::int64_t context : {1'000, 2'000, 40'000}) {
      reports.push_back(decode_report(requests, context));
    }
  }
  const std::string page = step_grid(reports, {.color = false, .width = 100});
  EXPECT_THAT(page, HasSubstr("context      1,000        2,000       40,000\n"));
  EXPECT_THAT(page, HasSubstr("  16 requests a GPU"));
  EXPECT_THAT(page, HasSubstr("~ extrapolated: 40000 tokens of KV per request"));
  EXPECT_THAT(page, HasSubstr(fmt::format("{:.1f}~\n", reports[2].anatomy.step_s * 1e3)));
  EXPECT_THAT(page, Not(HasSubstr(" \n")));
}

struct Slice {
  double start, end;
};

// Slices of a thread follow each other without overlap, both views hold the same stages, and the
// last slice ends with the step, to the nanosecond.
TEST(StepTimeline, IsTheWholeStepInOrder) {
  for (const StepReport& report :
       {decode_report(128, 4'096), decode_report(16, 4'096, false), prefill_report()}) {
    const json trace = json::parse(step_timeline(report));
    std::map<std::pair<int, int>, std::vector<Slice>> threads;
    std::map<int, std::size_t> stages;
    double last = 0.0;
    for (const json& event : trace.at("traceEvents")) {
      if (event.at("ph") != "X") {
        EXPECT_EQ(event.at("ph"), "M");
        continue;
      }
      const double start = event.at("ts"), end = start + event.at("dur").get<double>();
      auto& slices = threads[{event.at("pid"), event.at("tid")}];
      ASSERT_TRUE(slices.empty() || slices.back().end <= start + 1e-6);
      slices.push_back({start, end});
      stages[event.at("pid")] += event.at("cat") == "step" ? 0 : 1;
      last = std::max(last, end);
    }
    EXPECT_EQ(threads.size(), report.overlap() ? 6U : 4U);
    EXPECT_EQ(stages[1], report.anatomy.graph.size());
    EXPECT_EQ(stages[2], report.anatomy.graph.size());
    EXPECT_NEAR(last, report.anatomy.step_s * 1e6, 2e-3);
  }
}

TEST(ChromeTrace, QuotesNamesAndKeepsNanoseconds) {
  std::string text;
  ChromeTrace trace([&](std::string_view piece) { text += piece; });
  const auto at = [](std::int64_t ns) { return base::TimePoint(base::Duration(ns)); };
  trace.name_process(1, "a \"unit\" of \\ and \n");
  trace.slice(1, 2, "x", "y", at(1'000), at(1'007), {{"tokens", 3.0}, {"share", 0.5}});
  trace.counter(1, "queue", at(2'500), 12.0);
  trace.finish();
  const json document = json::parse(text);
  EXPECT_EQ(document.at("traceEvents").at(0).at("args").at("name"), "a \"unit\" of \\ and \n");
  EXPECT_EQ(document.at("traceEvents").at(1).at("ts"), 1.0);
  EXPECT_EQ(document.at("traceEvents").at(1).at("dur"), 0.007);
  EXPECT_EQ(document.at("traceEvents").at(1).at("args").at("share"), 0.5);
  EXPECT_EQ(document.at("traceEvents").at(2).at("ts"), 2.5);
  EXPECT_EQ(document.at("traceEvents").at(2).at("args").at("value"), 12.0);
  std::string nothing;
  ChromeTrace([&](std::string_view piece) { nothing += piece; }).finish();
  EXPECT_TRUE(json::parse(nothing).at("traceEvents").empty());
}

}  // namespace
}  // namespace epfleet::report
