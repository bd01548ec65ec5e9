// Keys of the model's shape.
#include "key_rows.h"

namespace epfleet::config {

void add_model_rows(Rows& rows) {
  // Upper bounds only keep products of shapes within 64 bits.
  const auto shape = [&](const std::string& name, auto member, double least, double most,
                         std::string help) {
    rows.number("model." + name, Dimension::Number, member, between(least, most),
                {std::move(help), "inference/configs/config_671B.json of deepseek-ai/DeepSeek-V3"});
  };
  shape("layers", EPFLEET_MEMBER(model.layers), 1, 1000,
        "Transformer layers, the dense ones included.");
  shape("dense_layers", EPFLEET_MEMBER(model.dense_layers), 0, 1000,
        "First layers, with a dense feed-forward part instead of experts.");
  shape("mtp_layers", EPFLEET_MEMBER(model.mtp_layers), 0, 8,
        "Modules for multi-token prediction, each one layer with experts.");
  shape("hidden", EPFLEET_MEMBER(model.hidden), 1, 65536, "Width of the residual stream.");
  shape("heads", EPFLEET_MEMBER(model.heads), 1, 4096, "Attention heads.");
  shape("q_lora", EPFLEET_MEMBER(model.q_lora), 1, 65536, "Rank of the compressed queries.");
  shape("kv_lora", EPFLEET_MEMBER(model.kv_lora), 1, 65536,
        "Rank of the compressed keys and values.");
  shape("nope", EPFLEET_MEMBER(model.nope), 1, 4096, "Head dimension without position.");
  shape("rope", EPFLEET_MEMBER(model.rope), 0, 4096, "Head dimension with rotary position.");
  shape("v_dim", EPFLEET_MEMBER(model.v_dim), 1, 4096, "Head dimension of the values.");
  shape("experts", EPFLEET_MEMBER(model.experts), 1, 8192, "Routed experts of a layer.");
  shape("top_k", EPFLEET_MEMBER(model.top_k), 1, 1024, "Routed experts that a token goes to.");
  shape("groups", EPFLEET_MEMBER(model.groups), 1, 1024, "Groups that the routed experts are in.");
  shape("topk_groups", EPFLEET_MEMBER(model.topk_groups), 1, 1024,
        "Groups that a token's experts may lie in.");
  shape("shared_experts", EPFLEET_MEMBER(model.shared_experts), 0, 64,
        "Experts that every token goes to.");
  shape("moe_inter", EPFLEET_MEMBER(model.moe_inter), 1, 131072, "Inner width of an expert.");
  shape("dense_inter", EPFLEET_MEMBER(model.dense_inter), 1, 1048576,
        "Inner width of a dense feed-forward part.");
  shape("vocab", EPFLEET_MEMBER(model.vocab), 1, 10000000, "Size of the vocabulary.");
}

}  // namespace epfleet::config
