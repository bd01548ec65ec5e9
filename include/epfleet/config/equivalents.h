// What other tools call the things that epfleet's keys set: vLLM, SGLang, Dynamo, llm-d.
// Left out: options that say how a server is reached, or what is logged.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace epfleet::config {

struct Equivalent {
  std::string_view tool;       // "vLLM"
  std::string_view spellings;  // "tp_size, tensor_parallel_size": several of the same meaning
  std::string_view keys;       // ours, "prefill.gpus, decode.gpus"; empty: there is none
  std::string_view meaning;    // how the value converts, or why there is none
};

[[nodiscard]] std::span<const Equivalent> equivalents();

// Those with this spelling, as an option or as a key: --max-num-seqs, max_num_seqs, maxNumSeqs. Of
// a path its last word counts.
[[nodiscard]] std::vector<const Equivalent*> equivalents_of(std::string_view spelling);

// "max_num_seqs is vLLM's; here decode.max_requests_per_gpu"; empty if no tool spells so.
[[nodiscard]] std::string equivalent_remedy(std::string_view spelling);

// All that are spelt so, or have it in their spelling, in words; empty if none is.
[[nodiscard]] std::string explain_equivalents(std::string_view spelling, bool also_parts = false);

}  // namespace epfleet::config
