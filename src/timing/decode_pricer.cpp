#include "epfleet/timing/decode_pricer.h"

#include "decode_tables.h"
#include "epfleet/base/error.h"

namespace epfleet::timing {

DecodePricer::DecodePricer(const DecodeLayer& layer)
    : tables_(std::make_shared<const DecodeTables>(layer)) {}

void DecodePricer::check_gpus(const UnitHalf& load) const {
  const auto gpus = static_cast<std::size_t>(tables_->layout().gpus);
  EPFLEET_CHECK(load.requests.size() == gpus && load.kv.size() == gpus,
                "a decode step has requests and KV of every GPU of the unit");
}

StepPrice DecodePricer::price(std::span<const std::int32_t> requests,
                              std::span<const base::TokenParts32> kv) const {
  check_gpus({requests, kv});
  return tables_->price(tables_->split_anew(requests, kv));
}

DecodeHalves DecodePricer::stages(std::span<const std::int32_t> requests,
                                  std::span<const base::TokenParts32> kv) const {
  const DecodeStep step = tables_->split_anew(requests, kv);
  return tables_->layout().dual_batch() ? tables_->halves(step)
                                        : DecodeHalves{{tables_->whole(step), {}}, {}, {}};
}

StepPrice DecodePricer::price_halves(const UnitHalves& halves) const {
  EPFLEET_CHECK(tables_->layout().dual_batch(),
                "halves are priced where there are two micro-batches");
  for (const UnitHalf& half : halves) {
    check_gpus(half);
  }
  return tables_->price(tables_->given(halves));
}

}  // namespace epfleet::timing
