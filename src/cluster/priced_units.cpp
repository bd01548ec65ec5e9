#include "epfleet/cluster/priced_units.h"

#include <algorithm>

namespace epfleet::cluster {

double PricedUnits::prefill_tps(const policy::RequestMix& mix) const {
  return static_cast<double>(spec_.prefill.gpus) *
         full_prefill_step(spec_, pricers_, mix).tokens_per_s_per_gpu();
}

double PricedUnits::decode_tps(const policy::RequestMix& mix, double tpot_s) const {
  const FullStep step = decode_step_within(spec_, pricers_, mix, tpot_s)
                            .value_or(even_decode_step(spec_, pricers_, mix, 1.0));
  return static_cast<double>(spec_.decode.gpus) * step.tokens_per_s_per_gpu();
}

double PricedUnits::tpot_s(const policy::RequestMix& mix, double requests_per_unit) const {
  const double per_gpu = requests_per_unit / static_cast<double>(spec_.decode.gpus);
  const auto most = static_cast<double>(max_requests_per_gpu(spec_));
  return even_decode_step(spec_, pricers_, mix, std::clamp(per_gpu, 1.0, most)).tpot_s();
}

}  // namespace epfleet::cluster
