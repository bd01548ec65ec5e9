#include "epfleet/timing/prefill_layer.h"

#include <algorithm>
#include <array>

#include "epfleet/base/arithmetic.h"
#include "epfleet/base/error.h"
#include "epfleet/timing/indexer.h"

namespace epfleet::timing {
namespace {

using base::real;

// Large enough that fixed times and weight streams no longer matter: for linear estimates.
constexpr double kLargeBatch = 16'384.0;

// Kernels of a stage, of a micro-batch. Transfers send and receive, twice; the head is a product
// and four kernels of sampling.
constexpr double kAttnKernels = 14.0, kGateKernels = 2.0, kMlpKernels = 5.0, kTransfers = 4.0;
constexpr double kHeadKernels = 5.0;

// Of prompts whose KV fits L2 (up to 34 k).
constexpr double kKeysOfAPrompt = 32'768.0;

// Keys of every head: the up-projected part is read, the whole is written; BF16.
double key_copy_bytes(const model::Model& model) {
  return 2.0 * real(model.heads * (model.nope + model.nope + model.rope));
}

double query_rope_bytes(const model::Model& model) {
  return 2.0 * 2.0 * real(model.heads * model.rope);
}

}  // namespace

PrefillLayer::PrefillLayer(const hardware::HardwareProfile& hardware, const model::Model& model,
                           const model::PrefillLayout& layout,
                           const model::ExpertImbalance& imbalance, Clock clock)
    : model_(model),
      layout_(layout),
      imbalance_(imbalance),
      width_(model, layout.expert_precision),
      beside_communication_(hardware, hardware.sms - hardware.prefill_comm_sms, clock),
      all_sms_(hardware, hardware.sms, clock),
      beside_transfers_(hardware.beside_transfer_factor),
      beside_compute_(hardware, model, layout.gpus, layout.gpus_per_node, true),
      alone_(hardware, model, layout.gpus, layout.gpus_per_node, false) {}

PrefillLayer PrefillLayer::as(model::Overlap overlap) const {
  PrefillLayer other = *this;
  other.layout_.overlap = overlap;
  return other;
}

PrefillLayer PrefillLayer::run_by(const model::Engine& engine) const {
  PrefillLayer other = *this;
  other.layout_.engine = engine;
  return other;
}

PrefillLayer PrefillLayer::reading(KeysRead keys) const {
  EPFLEET_CHECK(keys == KeysRead::All || model_.is_sparse(), "dense attention reads all keys");
  PrefillLayer other = *this;
  other.keys_ = keys;
  return other;
}

std::span<const KeysRead> PrefillLayer::ways_to_read() const {
  static constexpr std::array kWays{KeysRead::All, KeysRead::Chosen};
  return std::span(kWays).first(model_.is_sparse() ? 2 : 1);
}

// Keys and values of every head, up-projected.
void PrefillLayer::add_all_keys(const Kernels& kernels, double tokens, ComputeTime& time) const {
  const model::Model& m = model_;
  time.attention_core_s += kernels.prefill_attention(m, tokens, 0.0);
  time.gemm_s += kernels.fp8().dense(tokens, m.heads * (m.nope + m.v_dim), m.kv_lora);
  time.other_s +=
      kernels.quantise(tokens, m.kv_lora) + kernels.elementwise(key_copy_bytes(m) * tokens);
}

// On the latent: queries and results are projected instead of keys and values.
void PrefillLayer::add_chosen_keys(const Kernels& kernels, double tokens, ComputeTime& time) const {
  const model::Model& m = model_;
  time.attention_core_s += kernels.sparse().prefill_linear(m, tokens, kKeysOfAPrompt);
  time.gemm_s += kernels.bf16_batched_gemm(m.heads, tokens, m.kv_lora, m.nope) +
                 kernels.bf16_batched_gemm(m.heads, tokens, m.v_dim, m.kv_lora);
}

void PrefillLayer::add_indexer(const Kernels& kernels, double tokens, ComputeTime& time) const {
  time += indexer_products(kernels, model_, tokens);
  time.attention_core_s += kernels.sparse().indexer_prefill_linear(model_, tokens, 0.0) +
                           kernels.sparse().topk_prefill_linear(tokens, 0.0);
  time.gap_s += (kIndexerKernels + 2.0) * kernels.gap();
}

// Everything but core attention of the pairs, the prefix, and the gate.
ComputeTime PrefillLayer::attn_linear(const Kernels& kernels, double tokens) const {
  ComputeTime time;
  if (tokens <= 0.0) {
    return time;
  }
  const model::Model& m = model_;
  const std::int64_t values = m.heads * m.v_dim;
  time.gemm_s = kernels.fp8().dense(tokens, m.q_lora + m.kv_lora + m.rope, m.hidden) +
                kernels.fp8().dense(tokens, m.heads * (m.nope + m.rope), m.q_lora) +
                kernels.fp8().dense(tokens, m.hidden, values);
  time.other_s = 2.0 * kernels.add_rmsnorm(tokens, m.hidden) + kernels.quantise(tokens, m.hidden) +
                 kernels.norm(tokens, m.q_lora + m.kv_lora) + kernels.quantise(tokens, m.q_lora) +
                 kernels.elementwise(query_rope_bytes(m) * tokens) +
                 kernels.quantise(tokens, values);
  time.gap_s = kAttnKernels * kernels.gap();
  keys_ == KeysRead::All ? add_all_keys(kernels, tokens, time)
                         : add_chosen_keys(kernels, tokens, time);
  if (m.is_sparse()) {
    add_indexer(kernels, tokens, time);
  }
  return time;
}

// The prefix's rows ride on the chunk's own kv_b GEMM and key copy: only their marginal time
// counts.
double PrefillLayer::kv_up_per_token_s(const Kernels& kernels) const {
  const std::int64_t width = model_.heads * (model_.nope + model_.v_dim);
  const double gemm = kernels.fp8().dense(2.0 * kLargeBatch, width, model_.kv_lora) -
                      kernels.fp8().dense(kLargeBatch, width, model_.kv_lora);
  const double copy = kernels.elementwise(2.0 * kLargeBatch * key_copy_bytes(model_)) -
                      kernels.elementwise(kLargeBatch * key_copy_bytes(model_));
  return (gemm + copy) / kLargeBatch;
}

double PrefillLayer::prefix_token_s(const Kernels& kernels) const {
  return keys_ == KeysRead::All ? kv_up_per_token_s(kernels) : 0.0;
}

double PrefillLayer::pair_s(const Kernels& kernels) const {
  const double read = keys_ == KeysRead::All ? kernels.prefill_attention_per_pair(model_) : 0.0;
  return model_.is_sparse() ? read + kernels.sparse().indexer_prefill_per_pair(model_) +
                                  kernels.sparse().topk_prefill_per_pair()
                            : read;
}

ComputeTime PrefillLayer::attn(double tokens, double prefix_tokens, double pairs) const {
  ComputeTime time = attn_linear(kernels(), tokens);
  if (tokens <= 0.0) {
    return time;
  }
  time.attention_core_s += pairs * pair_s(kernels());
  time.gemm_s += prefix_tokens * prefix_token_s(kernels()) +
                 kernels().gate_gemm(tokens, model_.experts, model_.hidden);
  time.other_s += kernels().topk(tokens, model_.experts);
  time.gap_s += kGateKernels * kernels().gap();
  return time * slowdown();
}

// Weights of slots without any row are not read. A token arrives once per GPU that holds one of its
// experts; it is copied to each expert's rows before the GEMMs and the rows are summed afterwards.
ComputeTime PrefillLayer::mlp(double received_tokens) const {
  ComputeTime time;
  if (received_tokens <= 0.0) {
    return time;
  }
  const double rows = received_tokens * real(model_.top_k);
  const double arrivals = received_tokens * all_to_all().distinct_gpus();
  const double slots =
      real(model::expert_slots_per_gpu(model_, layout_.gpus, layout_.redundant_experts));
  const double active = std::min(slots, rows);
  time.moe_s =
      kernels().fp8().contiguous(rows, active, 2 * model_.moe_inter, width_.depth(model_.hidden)) +
      kernels().fp8().contiguous(rows, active, model_.hidden, width_.depth(model_.moe_inter));
  time.other_s =
      kernels().elementwise(width_.dispatched(arrivals + rows) * dispatch_bytes_per_token(model_)) +
      kernels().silu_quantise(rows, model_.moe_inter) +
      kernels().elementwise((rows + arrivals) * combine_bytes_per_token(model_));
  time.gap_s = kMlpKernels * kernels().gap();
  return time * slowdown();
}

double PrefillLayer::dense_layers_fixed_s(double tokens) const {
  if (tokens <= 0.0) {
    return 0.0;
  }
  const double projection =
      layout_.mtp ? all_sms_.bf16_gemm(tokens, model_.hidden, 2 * model_.hidden) : 0.0;
  return real(model_.dense_layers) *
             (attn_linear(all_sms_, tokens).total() + dense_ffn_s(all_sms_, model_, tokens)) +
         projection;
}

double PrefillLayer::dense_layers_per_prefix_token_s() const {
  return real(model_.dense_layers) * prefix_token_s(all_sms_);
}

double PrefillLayer::dense_layers_per_pair_s() const {
  return real(model_.dense_layers) * pair_s(all_sms_);
}

double PrefillLayer::head_s(double sequences) const {
  return all_sms_.bf16_gemm(sequences, model_.vocab, model_.hidden) +
         all_sms_.sampling(sequences, model_.vocab);
}

double PrefillLayer::launches_s() const {
  const double attn = kAttnKernels + (model_.is_sparse() ? kIndexerKernels + 2.0 : 0.0);
  const double layer = attn + kGateKernels + kSharedKernels + kMlpKernels + kTransfers;
  const double launches = real(moe_layer_equivalents() * layout_.micro_batches()) * layer +
                          real(model_.dense_layers) * (attn + kDenseFfnKernels) + kHeadKernels;
  return launches * base::to_seconds(layout_.engine.launch_time);
}

PrefillHalf PrefillLayer::even_half(double tokens, double prefix_tokens, double pairs) const {
  const double received = received_tokens(tokens * real(layout_.gpus));
  const double busiest = std::max(tokens, received);
  PrefillHalf half;
  half.stages = {.attn_s = attn(tokens, prefix_tokens, pairs).total(),
                 .shared_s = shared(tokens).total(),
                 .mlp_s = mlp(received).total(),
                 .dispatch_s = dispatch_s(busiest),
                 .combine_s = combine_s(busiest)};
  half.attn_shared_s = half.stages.attn_s + half.stages.shared_s;
  return half;
}

std::int64_t PrefillLayer::moe_layer_equivalents() const {
  return model_.moe_layers() + (layout_.mtp ? model_.mtp_layers : 0);
}

PrefillWork PrefillLayer::work() const {
  const auto line = [](const PrefillLayer& layer) {
    const double layers = real(layer.moe_layer_equivalents());
    const double per_token = (layer.attn(2.0 * kLargeBatch, 0.0, 0.0).total() -
                              layer.attn(kLargeBatch, 0.0, 0.0).total()) /
                             kLargeBatch;
    return PrefillWork::Line{.seconds_per_token = layers * per_token,
                             .seconds_per_prefix_token = layers * layer.attn_per_prefix_token_s(),
                             .seconds_per_pair = layers * layer.attn_per_pair_s()};
  };
  return {line(reading(ways_to_read().front())), line(reading(ways_to_read().back()))};
}

}  // namespace epfleet::timing
