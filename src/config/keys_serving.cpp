// Keys of prefill and decode units.
#include "epfleet/policy/registry.h"
#include "key_files.h"
#include "key_rows.h"

namespace epfleet::config {
namespace {

const Docs kViewAge = {
    "Time between two reports of a unit's load to the balancer; what it places itself it knows.",
    "a choice: 0 is a balancer beside its units", "100 ms"};

// A member of a kind of unit, as EPFLEET_MEMBER is one of the scenario.
#define EPFLEET_OF(member) [unit](auto& s) -> auto& { return unit(s).member; }

// What both kinds of unit have.
template <class Unit>
void add_layout(Rows& rows, const std::string& phase, Unit unit) {
  rows.number(phase + ".gpus", EPFLEET_OF(gpus), between(1, 4096),
              {"GPUs of one unit: the degree of expert parallelism; whole nodes.",
               "open-infra-index, day 6: prefill EP32 on 4 nodes, decode EP144 on 18"});
  rows.number(
      phase + ".redundant_experts", EPFLEET_OF(redundant_experts), between(0, 16384),
      {"Copies of experts beyond one each; experts and copies fill the GPUs evenly. auto: the "
       "fewest, at least 32, that do and fit.",
       "open-infra-index, day 6: 32"},
      "auto");
  rows.choice(
      phase + ".expert_precision", EPFLEET_OF(expert_precision),
      {{"fp8", "one byte a weight, and a scale per 128 x 128 of them", model::ExpertPrecision::Fp8},
       {"bf16", "two bytes a weight; half the rate, and tokens travel in BF16 too",
        model::ExpertPrecision::Bf16}},
      {"What the routed and the shared experts are stored and multiplied in.",
       "DeepSeek-V3 report, open-infra-index, day 6: FP8"});
  rows.choice(phase + ".overlap", EPFLEET_OF(overlap),
              {{"auto", "whichever of the two is faster, step by step", serving::Overlap::Auto},
               {"dual_batch", "one half computes while the other communicates",
                serving::Overlap::DualBatch},
               {"none", "one batch, phase after phase", serving::Overlap::None}},
              {"How computing and communication overlap.",
               "open-infra-index, day 6: dual batch; auto: a choice"});
  rows.flag(
      phase + ".phase_barriers", EPFLEET_OF(phase_barriers),
      {"Whether both halves of a batch meet at the end of every phase; `epfleet timing` tells "
       "what that costs.",
       "a choice of the timing model: the published schedules, drawn phase by phase"});
}

#undef EPFLEET_OF

void add_prefill(Rows& rows) {
  add_layout(rows, EPFLEET_KEY(prefill));
  rows.number(EPFLEET_KEY(prefill.max_tokens_per_gpu), between(64, 1 << 20),
              {"New tokens that a GPU takes in one step, both halves of the batch together.",
               "DeepSeek's prefill profile: 16,384"});
  rows.number(EPFLEET_KEY(prefill.chunk_grain), Dimension::Tokens, between(1, 16384),
              {"A long prompt is cut at multiples of this.", "a choice"});
  rows.rule(EPFLEET_KEY(prefill.balancer.unit), policy::prefill_unit_rules().choices(),
            {"Rule that chooses the prefill unit of a request.", "see the rule"});
  rows.rule(EPFLEET_KEY(prefill.balancer.gpu), policy::prefill_gpu_rules().choices(),
            {"Rule that chooses the GPU within the prefill unit.", "see the rule"});
  rows.number(EPFLEET_KEY(prefill.balancer.view_age), between(0.0, 3600.0), kViewAge);
  rows.choice("prefill.balancer.placement", EPFLEET_MEMBER(prefill.placement),
              {{"arrival", "when the request reaches the unit", serving::Placement::Arrival},
               {"step", "when a step is formed", serving::Placement::Step}},
              {"When a queued prompt is bound to a GPU of its unit.", "a choice"});
  rows.number(EPFLEET_KEY(prefill.runtime_memory), between(0.0, 1e15),
              {"Memory of a prefill GPU for activations, buffers and the context.", "a guess"})
      .guess("6 GB", "12 GB");
}

void add_mtp(Rows& rows) {
  rows.flag(EPFLEET_KEY(decode.mtp.enabled),
            {"Multi-token prediction: draft tokens are checked in the same step.",
             "part of the published service and profile"});
  rows.number(EPFLEET_KEY(decode.mtp.draft_tokens), between(1, 8),
              {"Draft tokens of a step.", "DeepSeek-V3 report: 1"});
  rows.number(EPFLEET_KEY(decode.mtp.acceptance), Dimension::Share, between(0.0, 1.0),
              {"Share of the draft tokens that are accepted.",
               "DeepSeek-V3 report: 0.80-0.90; a third party read 0.60 off the profile"})
      .guess("0.6", "0.9");
  rows.number(EPFLEET_KEY(decode.mtp.acceptance_spread), Dimension::Share, between(0.0, 0.5),
              {"Half-width of the uniform draw of a request's own acceptance.", "a guess"})
      .guess("0", "0.1");
}

void add_decode(Rows& rows) {
  add_layout(rows, EPFLEET_KEY(decode));
  rows.rule(EPFLEET_KEY(decode.balancer.unit), policy::decode_unit_rules().choices(),
            {"Rule that chooses the decode unit of a request.", "see the rule"});
  rows.rule(EPFLEET_KEY(decode.balancer.gpu), policy::decode_gpu_rules().choices(),
            {"Rule that chooses the GPU within the decode unit.", "see the rule"});
  rows.number(EPFLEET_KEY(decode.balancer.view_age), between(0.0, 3600.0), kViewAge);
  rows.number(EPFLEET_KEY(decode.max_requests_per_gpu), between(1, 65536),
              {"Requests that a GPU decodes at a time; auto: 2 x 128 / (1 + draft tokens), the "
               "all-to-all's buffer of 128 tokens for each half of the batch.",
               "DeepEP: low-latency kernels of 128 tokens per rank"},
              "auto");
  rows.choice(EPFLEET_KEY(decode.batching),
              {{"continuous", "requests join at any step", serving::Batching::Continuous},
               {"static", "a GPU takes new ones when all of its batch are done",
                serving::Batching::Static}},
              {"When requests join a GPU's batch.", "continuous: DeepSeek; static: to compare"});
  rows.choice(
      EPFLEET_KEY(decode.microbatch),
      {{"reform", "halved anew every step; nothing moves", serving::Microbatch::Reform},
       {"sticky", "a request stays in its half until it leaves", serving::Microbatch::Sticky}},
      {"How a GPU's requests are split into two halves.", "a choice"});
  rows.number("decode.host_time", EPFLEET_MEMBER(engine.host_time), between(0.0, 1.0),
              {"Time of a step that no GPU work covers: engine.host_time under its old name.",
               "see engine.host_time"});
  rows.number(EPFLEET_KEY(decode.runtime_memory), between(0.0, 1e15),
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
