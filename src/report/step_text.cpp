// A step on one screen: what it is, how long, and where the time goes.
#include <fmt/format.h>

#include "epfleet/report/human_numbers.h"
#include "epfleet/report/step_report.h"
#include "terminal_canvas.h"

namespace epfleet::report {
namespace {

constexpr std::size_t kNameWidth = 42, kValueWidth = 13;

std::string ms(double seconds) { return fmt::format("{:.3f} ms", seconds * 1e3); }
std::string us(double seconds) {
  return seconds < 1e-3 ? fmt::format("{:.1f} us", seconds * 1e6) : ms(seconds);
}

std::string experts_of(const StepReport& r) {
  return fmt::format("EP{}, {} expert{} a GPU ({} redundant, {})", r.gpus, r.experts_per_gpu,
                     r.experts_per_gpu == 1 ? "" : "s", r.redundant_experts, r.expert_precision);
}

std::string batch_of(const StepReport& r) {
  if (!r.decode) {
    return fmt::format("{} tokens a GPU, of prompts of {}; {}", grouped_whole(r.per_gpu),
                       grouped_whole(r.tokens),
                       r.overlap() ? "two micro-batches" : "one batch, no overlap");
  }
  const std::string drafts =
      r.draft_tokens == 0
          ? "MTP off"
          : fmt::format("{} draft token{} at {} acceptance", r.draft_tokens,
                        r.draft_tokens == 1 ? "" : "s", human_percent(r.acceptance));
  return fmt::format("{} requests a GPU with {} tokens of context each; {}; {}",
                     grouped_whole(r.per_gpu), grouped_whole(r.tokens), drafts,
                     r.overlap() ? "two micro-batches" : "one batch, no overlap");
}

class StepPage {
 public:
  StepPage(const StepReport& report, const TerminalStyle& style)
      : r_(report), canvas_(style, {kNameWidth, kValueWidth}) {}

  std::string text() {
    head();
    step();
    layer();
    kernels();
    memory();
    remarks();
    return canvas_.text();
  }

 private:
  void head() {
    canvas_.title(fmt::format("{} step   {}", r_.decode ? "decode" : "prefill", experts_of(r_)),
                  r_.clock + " clock");
    canvas_.line("batch", batch_of(r_));
    const std::string request =
        r_.tokens_per_s_request ? fmt::format(", {:.1f} for a request", *r_.tokens_per_s_request)
                                : "";
    canvas_.line("step", fmt::format("{}; {} tokens/s a node, {} a GPU{}", ms(r_.anatomy.step_s),
                                     grouped(r_.tokens_per_s_per_node()),
                                     grouped(r_.tokens_per_s_per_gpu), request));
    if (r_.anatomy.other_way_s) {
      canvas_.line(
          "overlap",
          fmt::format("{}: the faster; {} would take {}", r_.overlap() ? "dual_batch" : "none",
                      r_.overlap() ? "none" : "dual_batch", ms(*r_.anatomy.other_way_s)));
    }
  }

  void share(std::string_view name, double seconds, double whole) {
    canvas_.columns(name, {ms(seconds), human_percent(seconds / whole)});
  }

  void step() {
    const timing::StepAnatomy& a = r_.anatomy;
    canvas_.section("Where the step goes", {"time", "share"});
    const auto part = [&](std::string_view name, double time) { share(name, time, a.step_s); };
    part(fmt::format("{} layers with experts, {} each", a.moe_layers, ms(a.layer_s)),
         static_cast<double>(a.moe_layers) * a.layer_s);
    if (a.mtp_layers > 0) {
      part(fmt::format("{} layer{} of the MTP module", a.mtp_layers, a.mtp_layers == 1 ? "" : "s"),
           static_cast<double>(a.mtp_layers) * a.layer_s);
    }
    part("dense layers", a.dense_layers_s);
    part("head and sampling", a.head_s);
    if (a.launch_wait_s > 0.0) {
      part("waiting for the host's launches", a.launch_wait_s);
    }
    if (r_.decode) {
      part("host", a.host_s);
    }
    part("of all this, the engine's share", a.engine_s);
  }

  void layer() {
    const timing::StepAnatomy& a = r_.anatomy;
    canvas_.section("A layer, phase by phase", {"compute", "network", "bound", "share"});
    double sum = 0.0;
    for (const timing::PhaseTime& phase : a.phases) {
      sum += phase.seconds();
    }
    for (const timing::PhaseTime& phase : a.phases) {
      const auto time = [&](double seconds) { return seconds > 0.0 ? us(seconds) : "-"; };
      canvas_.columns(phase.name, {time(phase.compute_s), time(phase.network_s),
                                   phase.bound_by_network() ? "network" : "compute",
                                   human_percent(phase.seconds() / sum)});
    }
    if (r_.overlap()) {
      canvas_.remark(
          fmt::format("with a barrier after each phase {}, without {} ({} less); the "
                      "step is priced {}",
                      ms(a.with_barriers_s), ms(a.without_barriers_s), human_percent(a.gap_ratio()),
                      r_.phase_barriers ? "with" : "without"));
    }
  }

  void kernels() {
    const timing::LayerBreakdown& b = r_.anatomy.breakdown;
    canvas_.section("A layer, by kind of kernel", {"time", "share"});
    const auto kind = [&](std::string_view name, double time) { share(name, time, b.overall_s); };
    kind("attention core", b.compute.attention_core_s);
    kind("dense products", b.compute.gemm_s);
    kind("experts' products", b.compute.moe_s);
    kind("other kernels", b.compute.other_s);
    kind("between kernels", b.compute.gap_s);
    if (b.compute.engine_s > 0.0) {
      kind("the engine's, per kernel", b.compute.engine_s);
    }
    if (r_.decode) {
      kind("dispatch, not hidden", b.dispatch_core_s);
      kind("combine, not hidden", b.combine_core_s);
    } else {
      kind("compute waits", b.compute_bubble_s);
      kind("network: dispatch, its barrier", b.dispatch_barrier_s);
      kind("network: dispatch, transfer", b.dispatch_core_s);
      kind("network: combine, its barrier", b.combine_barrier_s);
      kind("network: combine, transfer", b.combine_core_s);
    }
    kind("network waits", b.communication_bubble_s);
  }

  void memory() {
    const MemoryBudget& m = r_.hbm;
    const auto bytes = [](std::int64_t value) { return human_bytes(static_cast<double>(value)); };
    const std::string buffer =
        m.buffer > 0 ? fmt::format(", all-to-all buffer {}", bytes(m.buffer)) : "";
    canvas_.section("Memory of a GPU", {});
    canvas_.line("", fmt::format("{}: weights {}{}, runtime {}; the rest holds {} tokens of KV, "
                                 "and this batch has {}",
                                 bytes(m.memory), bytes(m.weights), buffer, bytes(m.runtime),
                                 grouped_whole(m.kv_capacity_tokens), grouped_whole(m.kv_tokens)));
  }

  void remarks() {
    for (const std::string& warning : r_.warnings) {
      canvas_.warning(warning);
    }
    for (const std::string& outside : r_.anatomy.outside_calibration) {
      canvas_.warning("extrapolated: " + outside);
    }
  }

  const StepReport& r_;
  Canvas canvas_;
};

}  // namespace

std::string step_text(const StepReport& report, const TerminalStyle& style) {
  return StepPage(report, style).text();
}

}  // namespace epfleet::report
