// Keys of prefill and decode units.
#include "epfleet/policy/registry.h"
#include "key_rows.h"

namespace epfleet::config {
namespace {

const Docs kViewAge = {
    "Time between two reports of a unit's load to the balancer; what it places itself it knows.",
    "a choice: 0 is a balancer beside its units"};

// What both kinds of unit have.
template <class Gpus, class Redundant, class Precision, class Mode, class Barriers>
void add_layout(Rows& rows, const std::string& phase, Gpus gpus, Redundant redundant,
                Precision precision, Mode overlap, Barriers barriers) {
  rows.number(phase + ".gpus", Dimension::Number, gpus, between(1, 4096),
              {"GPUs of one unit: the degree of expert parallelism; whole nodes.",
               "open-infra-index, day 6: prefill EP32 on 4 nodes, decode EP144 on 18"});
  rows.number(
      phase + ".redundant_experts", Dimension::Number, redundant, between(0, 65536),
      {"Copies of experts beyond one each; experts and copies fill the GPUs evenly. auto: the "
       "fewest, at least 32, that do and fit.",
       "open-infra-index, day 6: 32"},
      "auto");
  rows.choice(phase + ".expert_precision", precision,
              std::vector<std::pair<Choice, model::ExpertPrecision>>{
                  {{"fp8", "one byte a weight, and a scale per 128 x 128 of them"},
                   model::ExpertPrecision::Fp8},
                  {{"bf16", "two bytes a weight; half the rate, and tokens travel in BF16 too"},
                   model::ExpertPrecision::Bf16}},
              {"What the routed and the shared experts are stored and multiplied in.",
               "DeepSeek-V3 report, open-infra-index, day 6: FP8"});
  rows.choice(phase + ".overlap", overlap,
              std::vector<std::pair<Choice, serving::Overlap>>{
                  {{"dual_batch", "one half computes while the other communicates"},
                   serving::Overlap::DualBatch},
                  {{"none", "one batch, phase after phase"}, serving::Overlap::None}},
              {"How computing and communication overlap.", "open-infra-index, day 6: dual batch"});
  rows.flag(
      phase + ".phase_barriers", barriers,
      {"Whether both halves of a batch meet at the end of every phase; `epfleet timing` tells "
       "what that costs.",
       "a choice of the timing model: the published schedules, drawn phase by phase"});
}

void add_prefill(Rows& rows) {
  add_layout(rows, "prefill", EPFLEET_MEMBER(prefill.gpus),
             EPFLEET_MEMBER(prefill.redundant_experts), EPFLEET_MEMBER(prefill.expert_precision),
             EPFLEET_MEMBER(prefill.overlap), EPFLEET_MEMBER(prefill.phase_barriers));
  rows.number("prefill.max_tokens_per_gpu", Dimension::Tokens,
              EPFLEET_MEMBER(prefill.max_tokens_per_gpu), between(64, 1 << 20),
              {"New tokens that a GPU takes in one step, both halves of the batch together.",
               "DeepSeek's prefill profile: 16,384"});
  rows.number("prefill.chunk_grain", Dimension::Tokens, EPFLEET_MEMBER(prefill.chunk_grain),
              between(1, 16384), {"A long prompt is cut at multiples of this.", "a choice"});
  rows.rule("prefill.balancer.unit", EPFLEET_MEMBER(prefill.balancer.unit),
            policy::prefill_unit_rules().choices(),
            {"Rule that chooses the prefill unit of a request.", "see the rule"});
  rows.rule("prefill.balancer.gpu", EPFLEET_MEMBER(prefill.balancer.gpu),
            policy::prefill_gpu_rules().choices(),
            {"Rule that chooses the GPU within the prefill unit.", "see the rule"});
  rows.number("prefill.balancer.view_age", Dimension::Duration,
              EPFLEET_MEMBER(prefill.balancer.view_age), between(0.0, 3600.0), kViewAge);
  rows.choice("prefill.balancer.placement", EPFLEET_MEMBER(prefill.placement),
              std::vector<std::pair<Choice, serving::Placement>>{
                  {{"arrival", "when the request reaches the unit"}, serving::Placement::Arrival},
                  {{"step", "when a step is formed"}, serving::Placement::Step}},
              {"When a queued prompt is bound to a GPU of its unit.", "a choice"});
  rows.number("prefill.runtime_memory", Dimension::Bytes, EPFLEET_MEMBER(prefill.runtime_memory),
              at_least(0.0),
              {"Memory of a prefill GPU for activations, buffers and the context.", "a guess"})
      .guess("6 GB", "12 GB");
}

void add_mtp(Rows& rows) {
  rows.flag("decode.mtp.enabled", EPFLEET_MEMBER(decode.mtp.enabled),
            {"Multi-token prediction: draft tokens are checked in the same step.",
             "part of the published service and profile"});
  rows.number("decode.mtp.draft_tokens", Dimension::Number, EPFLEET_MEMBER(decode.mtp.draft_tokens),
              between(1, 8), {"Draft tokens of a step.", "DeepSeek-V3 report: 1"});
  rows.number("decode.mtp.acceptance", Dimension::Share, EPFLEET_MEMBER(decode.mtp.acceptance),
              between(0.0, 1.0),
              {"Share of the draft tokens that are accepted.",
               "DeepSeek-V3 report: 0.80-0.90; a third party read 0.60 off the profile"})
      .guess("0.6", "0.9");
  rows.number("decode.mtp.acceptance_spread", Dimension::Share,
              EPFLEET_MEMBER(decode.mtp.acceptance_spread), between(0.0, 0.5),
              {"Half-width of the uniform draw of a request's own acceptance.", "a guess"})
      .guess("0", "0.1");
}

void add_decode(Rows& rows) {
  add_layout(rows, "decode", EPFLEET_MEMBER(decode.gpus), EPFLEET_MEMBER(decode.redundant_experts),
             EPFLEET_MEMBER(decode.expert_precision), EPFLEET_MEMBER(decode.overlap),
             EPFLEET_MEMBER(decode.phase_barriers));
  rows.rule("decode.balancer.unit", EPFLEET_MEMBER(decode.balancer.unit),
            policy::decode_unit_rules().choices(),
            {"Rule that chooses the decode unit of a request.", "see the rule"});
  rows.rule("decode.balancer.gpu", EPFLEET_MEMBER(decode.balancer.gpu),
            policy::decode_gpu_rules().choices(),
            {"Rule that chooses the GPU within the decode unit.", "see the rule"});
  rows.number("decode.balancer.view_age", Dimension::Duration,
              EPFLEET_MEMBER(decode.balancer.view_age), between(0.0, 3600.0), kViewAge);
  rows.number("decode.max_requests_per_gpu", Dimension::Number,
              EPFLEET_MEMBER(decode.max_requests_per_gpu), between(1, 65536),
              {"Requests that a GPU decodes at a time; auto: 2 x 128 / (1 + draft tokens), the "
               "all-to-all's buffer of 128 tokens for each half of the batch.",
               "DeepEP: low-latency kernels of 128 tokens per rank"},
              "auto");
  rows.choice("decode.batching", EPFLEET_MEMBER(decode.batching),
              std::vector<std::pair<Choice, serving::Batching>>{
                  {{"continuous", "requests join at any step"}, serving::Batching::Continuous},
                  {{"static", "a GPU takes new ones when all of its batch are done"},
                   serving::Batching::Static}},
              {"When requests join a GPU's batch.", "continuous: DeepSeek; static: to compare"});
  rows.choice(
      "decode.microbatch", EPFLEET_MEMBER(decode.microbatch),
      std::vector<std::pair<Choice, serving::Microbatch>>{
          {{"reform", "halved anew every step; nothing moves"}, serving::Microbatch::Reform},
          {{"sticky", "a request stays in its half until it leaves"}, serving::Microbatch::Sticky}},
      {"How a GPU's requests are split into two halves.", "a choice"});
  rows.number("decode.host_time", Dimension::Duration, EPFLEET_MEMBER(decode.host_time),
              between(0.0, 1.0),
              {"Time of a step that no GPU work covers.",
               "residual of the profile's 96 ms step, which leaves 2-8 ms"})
      .guess("2 ms", "8 ms");
  rows.number("decode.runtime_memory", Dimension::Bytes, EPFLEET_MEMBER(decode.runtime_memory),
              at_least(0.0),
              {"Memory of a decode GPU for activations, graphs and the context.", "a guess"})
      .guess("4 GB", "8 GB");
  add_mtp(rows);
}

}  // namespace

void add_serving_rows(Rows& rows) {
  add_prefill(rows);
  add_decode(rows);
}

}  // namespace epfleet::config
