// A step as a timeline: as the published figures draw it, by stream, and once more by micro-batch.
#include <fmt/format.h>

#include "epfleet/report/chrome_trace.h"
#include "epfleet/report/step_report.h"

namespace epfleet::report {
namespace {

using timing::Stream;
using timing::Task;

constexpr std::int64_t kByStream = 1, kByMicroBatch = 2;
constexpr std::int64_t kCompute = 1, kNetwork = 2;

std::int64_t thread_of(Stream stream) { return stream == Stream::Compute ? kCompute : kNetwork; }

// 1, 2: micro-batch 0; 3, 4: micro-batch 1.
std::int64_t thread_of(const Task& task) { return 2 * task.micro_batch + thread_of(task.stream); }

class StepTimeline {
 public:
  explicit StepTimeline(const StepReport& report)
      : r_(report), trace_([this](std::string_view piece) { text_ += piece; }) {}

  std::string text() {
    names();
    const timing::StepAnatomy& a = r_.anatomy;
    part("dense layers", a.dense_layers_s);
    layers();
    part("head and sampling", a.head_s);
    part("host", a.host_s);
    trace_.finish();
    return text_;
  }

 private:
  void names() {
    const std::string unit = fmt::format("{} EP{}", r_.decode ? "decode" : "prefill", r_.gpus);
    trace_.name_process(kByStream, unit + ": one GPU, by stream");
    trace_.name_thread(kByStream, kCompute, "compute");
    trace_.name_thread(kByStream, kNetwork, "communication");
    trace_.name_process(kByMicroBatch, unit + ": one GPU, by micro-batch");
    for (const int batch : {0, 1}) {
      if (batch == 0 || r_.overlap()) {
        trace_.name_thread(kByMicroBatch, 2 * batch + kCompute,
                           fmt::format("micro-batch {}: compute", batch));
        trace_.name_thread(kByMicroBatch, 2 * batch + kNetwork,
                           fmt::format("micro-batch {}: communication", batch));
      }
    }
  }

  // What the whole batch does at once.
  void part(const char* name, double seconds) {
    if (seconds > 0.0) {
      trace_.slice(kByStream, kCompute, name, "step", at(now_), at(now_ + seconds));
    }
    now_ += seconds;
  }

  void layers() {
    const timing::TaskGraph& graph = r_.anatomy.graph;
    const auto spans = timing::schedule(graph, r_.phase_barriers);
    for (std::size_t i = 0; i < graph.size(); ++i) {
      const Task& task = graph[i];
      const std::string name =
          r_.overlap() ? fmt::format("{}({})", timing::stage_name(task.stage), task.micro_batch)
                       : std::string(timing::stage_name(task.stage));
      const std::string layer = fmt::format("layer {}", task.layer);
      const auto start = at(now_ + spans[i].start_s), end = at(now_ + spans[i].end_s);
      trace_.slice(kByStream, thread_of(task.stream), name, layer, start, end);
      trace_.slice(kByMicroBatch, thread_of(task), name, layer, start, end);
    }
    now_ += timing::end_of(spans);
  }

  // Ends are rounded, not lengths, so that slices that touch still do.
  static base::TimePoint at(double seconds) {
    return base::TimePoint(base::Duration(static_cast<std::int64_t>(seconds * 1e9 + 0.5)));
  }

  const StepReport& r_;
  std::string text_;
  ChromeTrace trace_;
  double now_ = 0.0;
};

}  // namespace

std::string step_timeline(const StepReport& report) { return StepTimeline(report).text(); }

}  // namespace epfleet::report
