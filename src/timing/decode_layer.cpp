#include "epfleet/timing/decode_layer.h"

#include <algorithm>

#include "epfleet/base/arithmetic.h"
#include "epfleet/base/real_math.h"
#include "epfleet/timing/indexer.h"

namespace epfleet::timing {
namespace {

using base::real;

// Kernels of a stage, of a micro-batch: what lies between them is counted for each. Transfers send
// and receive, twice; the head is a product and four kernels of sampling.
constexpr double kGateKernels = 2.0, kMlpKernels = 3.0, kTransfers = 4.0, kHeadKernels = 5.0;
double attn0_kernels(const model::Model& model) {
  return 7.0 + (model.is_sparse() ? kIndexerKernels : 0.0);
}
double attn1_kernels(const model::Model& model) {  // sparse: scores and the choice of keys
  return 7.0 + (model.is_sparse() ? 2.0 : 0.0);
}

// Where the choice of keys is a line in KV: contexts this many times as long as what is chosen.
constexpr std::int64_t kFarAboveTopK = 4;

// Expected number of the GPU's expert slots that get at least one of `rows` rows.
double active_slots(double slots, double rows) {
  return slots <= 1.0 ? std::min(slots, rows)
                      : slots * (1.0 - base::real_pow(1.0 - 1.0 / slots, rows));
}

}  // namespace

DecodeLayer::DecodeLayer(const hardware::HardwareProfile& hardware, const model::Model& model,
                         const model::DecodeLayout& layout, const model::ExpertImbalance& imbalance,
                         Clock clock)
    : model_(model),
      layout_(layout),
      imbalance_(imbalance),
      width_(model, layout.expert_precision),
      kernels_(hardware, hardware.sms, clock),  // low-latency transfers hold no SMs in flight
      beside_compute_(hardware, model, layout.gpus, layout.gpus_per_node, true),
      alone_(hardware, model, layout.gpus, layout.gpus_per_node, false) {}

DecodeLayer DecodeLayer::as(model::Overlap overlap) const {
  DecodeLayer other = *this;
  other.layout_.overlap = overlap;
  return other;
}

DecodeLayer DecodeLayer::run_by(const model::Engine& engine) const {
  DecodeLayer other = *this;
  other.layout_.engine = engine;
  return other;
}

ComputeTime DecodeLayer::chain(ComputeTime time, double kernels) const {
  time.gap_s += kernels * kernels_.gap();
  time.kernels += kernels;
  time.engine_s = time.kernels * base::to_seconds(layout_.engine.kernel_overhead);
  return time;
}

ComputeTime DecodeLayer::attn0(double requests) const { return padded_attn0(padded(requests)); }

ComputeTime DecodeLayer::padded_attn0(double requests) const {
  const double m = query_tokens(requests);
  if (m <= 0.0) {
    return {};
  }
  const std::int64_t latent = model_.kv_lora + model_.rope;
  ComputeTime time;
  time.gemm_s =
      kernels_.fp8().dense(m, model_.q_lora + latent, model_.hidden) +
      kernels_.fp8().dense(m, model_.heads * (model_.nope + model_.rope), model_.q_lora) +
      kernels_.bf16_batched_gemm(model_.heads, m, model_.kv_lora, model_.nope);  // absorb W_UK
  const double rope_and_cache = 2.0 * 2.0 * m * real(model_.heads * model_.rope + latent);
  time.other_s = kernels_.add_rmsnorm(m, model_.hidden) +
                 kernels_.norm(m, model_.q_lora + model_.kv_lora) +
                 kernels_.quantise(m, model_.q_lora) + kernels_.elementwise(rope_and_cache);
  if (model_.is_sparse()) {
    time += indexer_products(kernels_, model_, m);
  }
  return chain(time, attn0_kernels(model_));
}

// Scores of all KV, the choice, attention over the chosen; at contexts of which more are chosen
// than there are keys to choose from.
double DecodeLayer::sparse_core_s(double requests, double kv_tokens) const {
  const SparseAttention& sparse = kernels_.sparse();
  const double s_q = real(layout_.tokens_per_request());
  return sparse.indexer_decode(model_, requests, kv_tokens, s_q) +
         sparse.topk_decode(model_, requests, kv_tokens, s_q) +
         sparse.decode(model_, requests, real(model_.index_topk), s_q);
}

double DecodeLayer::core_per_kv_token_s(double requests) const {
  const double s_q = real(layout_.tokens_per_request());
  return model_.is_sparse() ? kernels_.sparse().indexer_decode_per_kv_token(model_, s_q) +
                                  kernels_.sparse().topk_decode_per_kv_token(requests, s_q)
                            : kernels_.mla().mixed_per_kv_token(model_, s_q);
}

double DecodeLayer::core_s(double requests, double kv_tokens) const {
  if (!model_.is_sparse()) {
    return kernels_.mla().mixed(model_, requests, kv_tokens, real(layout_.tokens_per_request()));
  }
  const double known = requests * real(kFarAboveTopK * model_.index_topk);
  return sparse_core_s(requests, known) + (kv_tokens - known) * core_per_kv_token_s(requests);
}

double DecodeLayer::attn1_per_kv_token_s(double requests) const {
  return core_per_kv_token_s(padded(std::max(requests, 1.0)));
}

ComputeTime DecodeLayer::attn1(double requests, double kv_tokens) const {
  const double captured = padded(requests);
  return padded_attn1(captured, captured - requests, kv_tokens);
}

ComputeTime DecodeLayer::padded_attn1(double requests, double dummies, double kv_tokens) const {
  const double m = query_tokens(requests);
  if (m <= 0.0) {
    return {};
  }
  const std::int64_t values = model_.heads * model_.v_dim;
  ComputeTime time;
  time.attention_core_s = core_s(requests, kv_tokens + dummies);
  time.gemm_s =
      kernels_.bf16_batched_gemm(model_.heads, m, model_.v_dim, model_.kv_lora) +  // absorb W_UV
      kernels_.fp8().dense(m, model_.hidden, values) +
      kernels_.gate_gemm(m, model_.experts, model_.hidden);
  time.other_s = kernels_.quantise(m, values) + kernels_.add_rmsnorm(m, model_.hidden) +
                 kernels_.topk(m, model_.experts);
  return chain(time, attn1_kernels(model_));
}

// mla_decode is fixed + slope x KV: at one KV token less its slope only the fixed part is left.
double DecodeLayer::attn1_fixed_s(double requests) const {
  return requests <= 0.0 ? 0.0 : attn1(requests, 1.0).total() - attn1_per_kv_token_s(requests);
}

ComputeTime DecodeLayer::mlp(double received_requests) const {
  if (received_requests <= 0.0) {
    return {};
  }
  ComputeTime time;
  const double rows = query_tokens(received_requests) * real(model_.top_k);
  const double slots =
      real(model::expert_slots_per_gpu(model_, layout_.gpus, layout_.redundant_experts));
  const double active = active_slots(slots, rows);
  time.moe_s =
      kernels_.fp8().masked(rows, active, 2 * model_.moe_inter, width_.depth(model_.hidden)) +
      kernels_.fp8().masked(rows, active, model_.hidden, width_.depth(model_.moe_inter));
  time.other_s = kernels_.silu_quantise(rows, model_.moe_inter);
  return chain(time, kMlpKernels);
}

// No communication, so nothing to hide: the batch is not halved. The gate belongs to MoE layers, so
// its two kernels are taken out again.
double DecodeLayer::dense_layers_fixed_s(double requests) const {
  const double captured = padded_whole(requests);
  const double m = query_tokens(captured);
  if (m <= 0.0) {
    return 0.0;
  }
  const double gate = kernels_.gate_gemm(m, model_.experts, model_.hidden) +
                      kernels_.topk(m, model_.experts) + kGateKernels * kernels_.gap();
  const double attn1 =
      padded_attn1(captured, captured - requests, 1.0).total() - core_per_kv_token_s(captured);
  const double layer =
      padded_attn0(captured).total() + attn1 - gate + dense_ffn_s(kernels_, model_, m) +
      (kDenseFfnKernels - kGateKernels) * base::to_seconds(layout_.engine.kernel_overhead);
  return real(model_.dense_layers) * layer;
}

double DecodeLayer::head_s(double requests) const {
  if (requests <= 0.0) {
    return 0.0;
  }
  const double rows = padded_whole(requests);
  const double m = query_tokens(rows);
  // Every draft token: the MTP projection over the step's tokens, then one head row a request.
  const double draft = kernels_.bf16_gemm(m, model_.hidden, 2 * model_.hidden) +
                       kernels_.bf16_gemm(rows, model_.vocab, model_.hidden) +
                       kernels_.sampling(rows, model_.vocab);
  return kernels_.bf16_gemm(m, model_.vocab, model_.hidden) + kernels_.sampling(m, model_.vocab) +
         real(layout_.draft_tokens) * draft;
}

double DecodeLayer::launches_s() const {
  const double attention = attn0_kernels(model_) + attn1_kernels(model_);
  const double layer = attention + kSharedKernels + kMlpKernels + kTransfers;
  const double dense = attention - kGateKernels + kDenseFfnKernels;
  const double launches = moe_layer_equivalents() * real(layout_.micro_batches()) * layer +
                          real(model_.dense_layers) * dense + kHeadKernels +
                          real(layout_.draft_tokens) * (kHeadKernels + 1.0);  // and the projection
  return launches * base::to_seconds(layout_.engine.launch_time);
}

double DecodeLayer::moe_layer_equivalents() const {
  return real(model_.moe_layers() + layout_.draft_tokens * model_.mtp_layers);
}

DecodeStages DecodeLayer::even_stages(double requests, double kv_tokens) const {
  const double received = received_requests(requests * real(layout_.gpus));
  const double busiest = std::max(requests, received);
  return {.shared_s = shared(requests).total(),
          .attn0_s = attn0(requests).total(),
          .attn1_s = attn1(requests, kv_tokens).total(),
          .mlp_s = mlp(received).total(),
          .dispatch_s = dispatch_s(busiest),
          .combine_s = combine_s(busiest)};
}

}  // namespace epfleet::timing
