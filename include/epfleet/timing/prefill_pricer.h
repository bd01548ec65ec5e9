// The time of a prefill step of a whole unit.
//
// Modelled: per MoE layer with both micro-batches, each term of the slowest GPU:
//       max(ATTN + SHARED, COMBINE) + max(ATTN, DISPATCH)
//     + max(MLP, DISPATCH) + max(MLP + SHARED, COMBINE)
//   plus, per step: dense layers, the MTP module's layer, head and sampling. Without overlap the
//   stages of one batch add up; overlap `auto` takes the faster of both for every step.
// Left out: see src/timing/README.md.
#pragma once

#include <memory>
#include <span>

#include "epfleet/timing/overlap.h"
#include "epfleet/timing/prefill_layer.h"
#include "epfleet/timing/step_price.h"

namespace epfleet::timing {

// Copies share their tables.
class PrefillPricer {
 public:
  explicit PrefillPricer(const PrefillLayer& layer);

  // REQUIRES: loads has layout.gpus elements; at least one token in all.
  [[nodiscard]] StepPrice price(std::span<const PrefillLoad> loads) const;

  // The stages that price() applies the layer's formula to, each that of the slowest GPU; with
  // overlap `auto` those of two micro-batches. REQUIRES: as price().
  [[nodiscard]] PrefillHalf stages(std::span<const PrefillLoad> loads) const;

  // Linear work of a chunk's attention stage on one GPU at large batches.
  [[nodiscard]] const PrefillWork& work() const;

 private:
  struct Tables;
  std::shared_ptr<const Tables> tables_;
};

}  // namespace epfleet::timing
