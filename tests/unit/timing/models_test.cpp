// Models beside DeepSeek-V3 through the same layers: fewer heads, more experts, sparse attention.
#include <gtest/gtest.h>

#include <vector>

#include "epfleet/timing/decode_pricer.h"
#include "epfleet/timing/prefill_pricer.h"
#include "epfleet/timing/step_anatomy.h"

namespace epfleet::timing {
namespace {

model::Model sparse() {
  model::Model model;
  model.attention = model::AttentionKind::Sparse;
  return model;
}

model::Model kimi_k2() {
  model::Model model;
  model.dense_layers = 1;
  model.mtp_layers = 0;
  model.heads = 64;
  model.experts = 384;
  model.groups = model.topk_groups = 1;
  model.vocab = 163'840;
  return model;
}

hardware::HardwareProfile later_kernels() {
  hardware::HardwareProfile profile;
  profile.gemm_law = hardware::GemmLaw::Tiles;
  profile.mla_decode_law = hardware::MlaLaw::Schedule;
  return profile;
}

double decode_s(const model::Model& model, const model::DecodeLayout& layout, double requests,
                double context) {
  return decode_anatomy({later_kernels(), model, layout, {}}, requests, requests * context).step_s;
}

// Dense attention reads all KV, sparse attention a fixed part and the indexer's small keys.
TEST(Models, SparseAttentionWinsOnlyAtLongContexts) {
  const model::DecodeLayout layout;
  for (const double requests : {32.0, 64.0, 128.0}) {
    EXPECT_GT(decode_s(sparse(), layout, requests, 2'048), decode_s({}, layout, requests, 2'048));
    EXPECT_LT(decode_s(sparse(), layout, requests, 16'384), decode_s({}, layout, requests, 16'384));
  }
}

TEST(Models, ASparseStepIsPricedAsItIsTakenApart) {
  for (const model::Overlap overlap : {model::Overlap::Auto, model::Overlap::DualBatch}) {
    model::DecodeLayout layout;
    layout.overlap = overlap;
    const DecodeLayer layer(later_kernels(), sparse(), layout, {});
    const DecodePricer pricer(layer);
    for (const std::int32_t requests : {1, 7, 64, 128}) {
      for (const std::int32_t context : {2'100, 5'000, 40'000}) {
        const std::vector<std::int32_t> all(144, requests);
        const std::vector<base::TokenParts32> kv(
            144, base::TokenParts32::from_tokens(requests * context));
        const double priced = base::to_seconds(pricer.price(all, kv).duration);
        EXPECT_NEAR(decode_anatomy(layer, requests, requests * context).step_s / priced, 1.0, 2e-5)
            << requests << " x " << context;
      }
    }
  }
}

// A longer context costs the indexer's keys: 132 B and a score a query token, not 1,152 B.
TEST(Models, AMillionTokensMoreCostASparseGpuLess) {
  const model::DecodeLayout layout;
  const DecodeLayer dense(later_kernels(), {}, layout, {}),
      chosen(later_kernels(), sparse(), layout, {});
  EXPECT_LT(chosen.attn1_per_kv_token_s(64), dense.attn1_per_kv_token_s(64) / 3.0);
}

PrefillBatch prompts_of(double tokens) { return batch_of_prompts(16'384, tokens); }

// Short prompts attend to all keys, masked; long ones to those chosen, at the same cost a token.
TEST(Models, SparsePrefillTakesTheFasterWayToRead) {
  model::PrefillLayout layout;
  layout.overlap = model::Overlap::None;
  const PrefillLayer layer(later_kernels(), sparse(), layout, {});
  const auto attn = [&](KeysRead keys, double prompt) {
    const PrefillBatch batch = prompts_of(prompt);
    return layer.reading(keys).attn(batch.tokens, batch.prefix_tokens, batch.pairs).total();
  };
  EXPECT_LT(attn(KeysRead::All, 4'096), attn(KeysRead::Chosen, 4'096));
  EXPECT_GT(attn(KeysRead::All, 65'536), attn(KeysRead::Chosen, 65'536));
  EXPECT_LT(prefill_anatomy(layer, prompts_of(65'536)).step_s,
            prefill_anatomy({later_kernels(), {}, layout, {}}, prompts_of(65'536)).step_s);
  EXPECT_GT(prefill_anatomy(layer, prompts_of(2'048)).step_s,
            prefill_anatomy({later_kernels(), {}, layout, {}}, prompts_of(2'048)).step_s);
}

// Near the crossing dense layers, which have all SMs, may read the keys in the other way.
TEST(Models, ASparsePrefillIsPricedAsItIsTakenApart) {
  const model::PrefillLayout layout;
  const PrefillLayer layer(later_kernels(), sparse(), layout, {});
  const PrefillPricer pricer(layer);
  for (const double prompt : {2'048.0, 4'096.0, 16'384.0, 131'072.0}) {
    const PrefillBatch batch = prompts_of(prompt);
    const std::vector<PrefillLoad> loads(
        32, {16'384, static_cast<std::int32_t>(batch.prefix_tokens), 0, batch.pairs});
    PrefillBatch same = batch;
    same.sequences = 0.0;
    EXPECT_NEAR(
        prefill_anatomy(layer, same).step_s / base::to_seconds(pricer.price(loads).duration), 1.0,
        3e-4)
        << prompt;
  }
}

TEST(Models, KimiK2HasHalfTheHeadsAndThreeExpertsAGpu) {
  model::DecodeLayout layout;
  layout.draft_tokens = 0;
  layout.redundant_experts = model::filling_redundancy(kimi_k2(), layout.gpus);
  EXPECT_EQ(layout.redundant_experts, 48);
  EXPECT_EQ(model::expert_slots_per_gpu(kimi_k2(), 144, 48), 3);
  EXPECT_NEAR(static_cast<double>(kimi_k2().activated_parameters()) * 1e-9, 31.7, 0.1);
  model::DecodeLayout v3 = layout;
  v3.redundant_experts = 32;
  const auto stages = [](const model::Model& model, const model::DecodeLayout& of) {
    return decode_halves({later_kernels(), model, of, {}}, 128, 128 * 4'096.0).stages[0];
  };
  EXPECT_LT(stages(kimi_k2(), layout).attn0_s, stages({}, v3).attn0_s);
  EXPECT_LT(stages(kimi_k2(), layout).attn1_s, stages({}, v3).attn1_s);
  EXPECT_GT(stages(kimi_k2(), layout).mlp_s, stages({}, v3).mlp_s);  // a third more weights
}

}  // namespace
}  // namespace epfleet::timing
