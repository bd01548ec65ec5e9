// Keys of the model's shape.
#include "key_files.h"
#include "key_rows.h"

namespace epfleet::config {

void add_model_rows(Rows& rows) {
  // Upper bounds only keep products of shapes within 64 bits, and the drawing of experts short.
  const auto shape = [&](const std::string& name, auto member, double least, double most,
                         std::string_view help) {
    rows.number(name, member, between(least, most),
                {help, "inference/configs/config_671B.json of deepseek-ai/DeepSeek-V3"});
  };
  shape(EPFLEET_KEY(model.layers), 1, 256, "Transformer layers, the dense ones included.");
  shape(EPFLEET_KEY(model.dense_layers), 0, 256,
        "First layers, with a dense feed-forward part instead of experts.");
  shape(EPFLEET_KEY(model.mtp_layers), 0, 8,
        "Modules for multi-token prediction, each one layer with experts.");
  shape(EPFLEET_KEY(model.hidden), 1, 65536, "Width of the residual stream.");
  shape(EPFLEET_KEY(model.heads), 1, 4096, "Attention heads.");
  shape(EPFLEET_KEY(model.q_lora), 1, 65536, "Rank of the compressed queries.");
  shape(EPFLEET_KEY(model.kv_lora), 1, 65536, "Rank of the compressed keys and values.");
  shape(EPFLEET_KEY(model.nope), 1, 4096, "Head dimension without position.");
  shape(EPFLEET_KEY(model.rope), 0, 4096, "Head dimension with rotary position.");
  shape(EPFLEET_KEY(model.v_dim), 1, 4096, "Head dimension of the values.");
  shape(EPFLEET_KEY(model.experts), 1, 4096, "Routed experts of a layer.");
  shape(EPFLEET_KEY(model.top_k), 1, 64, "Routed experts that a token goes to.");
  shape(EPFLEET_KEY(model.groups), 1, 1024, "Groups that the routed experts are in.");
  shape(EPFLEET_KEY(model.topk_groups), 1, 1024, "Groups that a token's experts may lie in.");
  shape(EPFLEET_KEY(model.shared_experts), 0, 64, "Experts that every token goes to.");
  shape(EPFLEET_KEY(model.moe_inter), 1, 131072, "Inner width of an expert.");
  shape(EPFLEET_KEY(model.dense_inter), 1, 1048576, "Inner width of a dense feed-forward part.");
  shape(EPFLEET_KEY(model.vocab), 1, 10000000, "Size of the vocabulary.");
  constexpr const char* kSparse = "config.json of deepseek-ai/DeepSeek-V3.2-Exp";
  rows.choice(
      EPFLEET_KEY(model.attention),
      {{"dense", "every key is read; KV in BF16", model::AttentionKind::Dense},
       {"sparse", "an indexer scores every key, the best are read; KV in FP8 and an indexer's key",
        model::AttentionKind::Sparse}},
      {"Which keys attention reads.", kSparse});
  const auto indexer = [&](const std::string& name, auto member, double most,
                           std::string_view help) {
    rows.number(name, member, between(1, most), {help, kSparse});
  };
  indexer(EPFLEET_KEY(model.index_heads), 4096, "Sparse attention: heads of the indexer.");
  indexer(EPFLEET_KEY(model.index_dim), 4096, "Sparse attention: dimension of an indexer's head.");
  indexer(EPFLEET_KEY(model.index_topk), 1048576,
          "Sparse attention: keys that the indexer chooses for a query.");
}

}  // namespace epfleet::config
