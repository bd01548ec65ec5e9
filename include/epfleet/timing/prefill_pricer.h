// The time of a prefill step of a whole unit.
//
// Modelled: per MoE layer with both micro-batches, each term of the slowest GPU:
//       max(ATTN + SHARED, COMBINE) + max(ATTN, DISPATCH)
//     + max(MLP, DISPATCH) + max(MLP + SHARED, COMBINE)
//   plus, per step: dense layers, the MTP module's layer, head and sampling.
// Left out: see src/timing/README.md.
#pragma once

#include <memory>
#include <span>

#include "epfleet/hardware/profile.h"
#include "epfleet/model/expert_imbalance.h"
#include "epfleet/model/layout.h"
#include "epfleet/model/model.h"
#include "epfleet/timing/kernels.h"
#include "epfleet/timing/overlap.h"
#include "epfleet/timing/step_price.h"

namespace epfleet::timing {

class PrefillPricer {
 public:
  PrefillPricer(const hardware::HardwareProfile& hardware, const model::Model& model,
                const model::PrefillLayout& layout, const model::ExpertImbalance& imbalance,
                Clock clock = Clock::Sustained);
  ~PrefillPricer();
  PrefillPricer(PrefillPricer&&) noexcept;
  PrefillPricer& operator=(PrefillPricer&&) noexcept;

  // REQUIRES: loads has layout.gpus elements; at least one token in all.
  [[nodiscard]] StepPrice price(std::span<const PrefillLoad> loads) const;

  // The stages that price() applies the layer's formula to, each that of the slowest GPU.
  // REQUIRES: as price().
  [[nodiscard]] PrefillHalf stages(std::span<const PrefillLoad> loads) const;

  // Linear work of a chunk's attention stage on one GPU at large batches.
  [[nodiscard]] const PrefillWork& work() const;

 private:
  struct Tables;
  std::unique_ptr<const Tables> tables_;
};

}  // namespace epfleet::timing
