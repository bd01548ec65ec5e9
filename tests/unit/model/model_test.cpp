#include "epfleet/model/model.h"

#include <gtest/gtest.h>

namespace epfleet::model {
namespace {

// (512 + 64) x 2 bytes x 61 layers; one layer more with the MTP module. Source: ISCA paper, 70.272
// KB.
TEST(Model, KvBytesPerToken) {
  EXPECT_EQ(Model{}.kv_bytes_per_token(false), 70'272);
  EXPECT_EQ(Model{}.kv_bytes_per_token(true), 71'424);
}

// 58 x (257 experts + router) + 61 x MLA + 3 x dense FFN + embedding + head = 671.03 G (README:
// 671B).
TEST(Model, ParametersAddUpToThePublishedTotal) {
  const Model m;
  const std::int64_t total =
      m.moe_layers() *
          ((m.experts + m.shared_experts) * m.expert_parameters() + m.router_parameters()) +
      m.layers * m.attention_parameters() + m.dense_layers * m.dense_ffn_parameters() +
      2 * m.head_parameters();
  EXPECT_NEAR(static_cast<double>(total), 671.03e9, 0.01e9);
}

// Worked from the shapes: MLA 187.105 M per layer, an expert 3 x 7168 x 2048, the head 926.7 M.
TEST(Model, ParametersOfTheParts) {
  const Model m;
  EXPECT_NEAR(static_cast<double>(m.attention_parameters()), 187.105e6, 0.005e6);
  EXPECT_NEAR(static_cast<double>(m.expert_parameters()), 44.04e6, 0.005e6);
  EXPECT_NEAR(static_cast<double>(m.head_parameters()), 926.7e6, 0.5e6);
}

// DeepSeek-V3.2: 512 + 4 x 4 + 2 x 64 = 656 bytes of KV and 128 + 4 of the indexer's key; dense
// attention reads the BF16 latent whatever is kept.
TEST(Model, SparseAttentionKeepsFp8KvAndAnIndexKey) {
  Model m;
  m.attention = AttentionKind::Sparse;
  EXPECT_EQ(m.sparse_kv_bytes(), 656);
  EXPECT_EQ(m.index_key_bytes(), 132);
  EXPECT_EQ(m.kv_bytes_per_token(false), 48'068);
  EXPECT_EQ(m.latent_bytes_per_token_layer(), 1'152);
  EXPECT_EQ(m.attention_parameters() - Model{}.attention_parameters(),
            1536 * 64 * 128 + 7168 * (128 + 64));
}

// 2 x 128 x (192 + 128) and 2 x 128 x (576 + 512).
TEST(Model, AttentionFlopsPerPair) {
  EXPECT_EQ(Model{}.prefill_pair_flops(), 81'920.0);
  EXPECT_EQ(Model{}.decode_pair_flops(), 278'528.0);
}

// 61 layers of attention (187,105,280), 3 dense ones (396,361,728), 58 of 8 routed experts and the
// shared one (44,040,192 each) with a router (1,835,008), and the head (926,679,040).
TEST(Model, ATokenPassesTheSharedExpertToo) {
  EXPECT_EQ(Model{}.activated_parameters(), 61 * 187'105'280LL + 3 * 396'361'728LL +
                                                58 * (9 * 44'040'192LL + 1'835'008LL) +
                                                926'679'040LL);
}

}  // namespace
}  // namespace epfleet::model
