// What the GPUs' time gave: tokens per GPU, and the shares of the chip's peaks that the model's own
// arithmetic and memory traffic used, as the field quotes them (MFU, MBU).
#pragma once

#include "epfleet/metrics/metric.h"

namespace epfleet::report {

struct Efficiency {
  metrics::Measure output_tps_per_gpu, usd_per_hour;
  metrics::Measure prefill_mfu_ratio, decode_mfu_ratio, decode_mbu_ratio;
};

inline constexpr metrics::Row<Efficiency> kPerGpuRows[] = {
    {"output_tps_per_gpu", "tokens/s per GPU", metrics::Kind::Ratio, metrics::Better::More,
     metrics::of<&Efficiency::output_tps_per_gpu>,
     "Output tokens per second over all allotted GPUs, those of prefill, too."},
};
inline constexpr metrics::Row<Efficiency> kHourlyCostRows[] = {
    {"usd_per_hour", "USD/h", metrics::Kind::Ratio, metrics::Better::Less,
     metrics::of<&Efficiency::usd_per_hour>, "cost.usd over the hours of the window."},
};
inline constexpr metrics::Row<Efficiency> kPeakShareRows[] = {
    {"prefill_mfu_ratio", "share", metrics::Kind::Ratio, metrics::Better::More,
     metrics::of<&Efficiency::prefill_mfu_ratio>,
     "Model FLOPs of the computed prompt tokens (2 x activated parameters, and attention) over "
     "hardware.peak_fp8_rate in all time of the allotted prefill GPUs."},
    {"decode_mfu_ratio", "share", metrics::Kind::Ratio, metrics::Better::More,
     metrics::of<&Efficiency::decode_mfu_ratio>,
     "The same of the output tokens (drafts that failed do not count) and the decode GPUs."},
    {"decode_mbu_ratio", "share", metrics::Kind::Ratio, metrics::Better::More,
     metrics::of<&Efficiency::decode_mbu_ratio>,
     "Bytes that decode steps must read once, a GPU's weights and the KV of its requests, over "
     "hardware.peak_memory_bandwidth in all time of the allotted decode GPUs."},
};

}  // namespace epfleet::report
