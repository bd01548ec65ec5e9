// Random layouts of every kind that is priced: EP16 to EP320, any redundancy, MTP off or with 1-3
// drafts, experts in FP8 or BF16.
#pragma once

#include <cstdint>

#include "epfleet/base/random.h"
#include "epfleet/model/layout.h"

namespace epfleet::timing {

inline std::int64_t between(base::Stream& stream, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(stream.uniform() * static_cast<double>(high - low + 1));
}

inline bool flip(base::Stream& stream) { return stream.uniform() < 0.5; }

// EP16 to EP320 with the fewest copies that fill the GPUs, or one more of every slot.
template <class Layout>
void choose_gpus(Layout& layout, base::Stream& stream) {
  layout.gpus = 8 * between(stream, 2, 40);
  const std::int64_t slots = (256 + layout.gpus - 1) / layout.gpus + between(stream, 0, 1);
  layout.redundant_experts = slots * layout.gpus - 256;
  layout.expert_precision =
      flip(stream) ? model::ExpertPrecision::Bf16 : model::ExpertPrecision::Fp8;
}

inline model::DecodeLayout random_decode_layout(base::Stream& stream) {
  model::DecodeLayout layout;
  choose_gpus(layout, stream);
  layout.draft_tokens = between(stream, 0, 3);
  layout.max_requests_per_gpu = model::auto_max_requests(layout.draft_tokens);
  return layout;
}

inline model::PrefillLayout random_prefill_layout(base::Stream& stream) {
  model::PrefillLayout layout;
  choose_gpus(layout, stream);
  layout.mtp = flip(stream);
  return layout;
}

}  // namespace epfleet::timing
