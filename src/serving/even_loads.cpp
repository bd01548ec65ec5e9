#include "even_loads.h"

namespace epfleet::serving {

std::vector<std::int32_t> spread(std::int64_t total, std::size_t gpus) {
  const auto count = static_cast<std::int64_t>(gpus);
  std::vector<std::int32_t> shares(gpus, static_cast<std::int32_t>(total / count));
  for (std::size_t i = 0; i < static_cast<std::size_t>(total % count); ++i) {
    ++shares[i];
  }
  return shares;
}

std::vector<base::TokenParts32> spread(base::TokenParts total, std::size_t gpus) {
  const std::vector<std::int32_t> shares = spread(total.count(), gpus);
  return {shares.begin(), shares.end()};
}

std::vector<timing::PrefillLoad> spread(const std::vector<timing::PrefillLoad>& loads) {
  std::int64_t tokens = 0;
  std::int64_t prefix_tokens = 0;
  std::int64_t sequences = 0;
  double pairs = 0.0;
  for (const timing::PrefillLoad& load : loads) {
    tokens += load.tokens;
    prefix_tokens += load.prefix_tokens;
    sequences += load.sequences;
    pairs += load.attention_pairs;
  }
  const auto token_shares = spread(tokens, loads.size());
  const auto prefix_shares = spread(prefix_tokens, loads.size());
  const auto sequence_shares = spread(sequences, loads.size());
  std::vector<timing::PrefillLoad> even(loads.size());
  for (std::size_t i = 0; i < loads.size(); ++i) {
    even[i] = {token_shares[i], prefix_shares[i], sequence_shares[i],
               pairs / static_cast<double>(loads.size())};
  }
  return even;
}

}  // namespace epfleet::serving
