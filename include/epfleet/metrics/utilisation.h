// How full and how even the steps were. Means over all steps of the window, weighted by duration.
#pragma once

#include "epfleet/metrics/interval.h"
#include "epfleet/metrics/metric.h"

namespace epfleet::metrics {

struct Utilisation {
  Measure prefill_busy_ratio, decode_busy_ratio;
  StepMeans steps;
};

inline constexpr Row<Utilisation> kUtilisationRows[] = {
    {"prefill_busy_ratio", "share", Kind::Ratio, Better::Neither,
     of<&Utilisation::prefill_busy_ratio>,
     "Of the time that prefill nodes were serving, the share in which their unit was in a step."},
    {"prefill_efficiency_ratio", "share", Kind::Ratio, Better::More,
     of<&Utilisation::steps, &StepMeans::prefill_efficiency_ratio>,
     "Mean work of a prefill unit's GPUs over that of its slowest one."},
    {"decode_busy_ratio", "share", Kind::Ratio, Better::Neither,
     of<&Utilisation::decode_busy_ratio>,
     "Of the time that decode nodes were serving, the share in which their unit was in a step."},
    {"decode_batch_per_gpu_mean", "requests", Kind::Level, Better::Neither,
     of<&Utilisation::steps, &StepMeans::decode_batch_per_gpu>,
     "Requests per GPU in a decode step."},
    {"decode_kv_ratio_mean", "share", Kind::Level, Better::Neither,
     of<&Utilisation::steps, &StepMeans::decode_kv_ratio_mean>,
     "KV held by a decode unit over its capacity."},
    {"decode_kv_ratio_max", "share", Kind::Level, Better::Neither,
     of<&Utilisation::steps, &StepMeans::decode_kv_ratio_max>,
     "KV held by the fullest decode GPU of any step over its capacity; not a mean."},
};

inline constexpr Row<StepMeans> kImbalanceRows[] = {
    {"prefill_attention", "max / mean", Kind::Ratio, Better::Less,
     of<&StepMeans::prefill_attention_imbalance>,
     "Attention work of a prefill unit's GPUs: largest over mean."},
    {"prefill_tokens", "max / mean", Kind::Ratio, Better::Less,
     of<&StepMeans::prefill_token_imbalance>, "Tokens of a prefill unit's GPUs: most over mean."},
    {"decode_kv", "max / mean", Kind::Ratio, Better::Less, of<&StepMeans::decode_kv_imbalance>,
     "KV on a decode unit's GPUs: most over mean."},
    {"decode_requests", "max / mean", Kind::Ratio, Better::Less,
     of<&StepMeans::decode_request_imbalance>, "Requests on a decode unit's GPUs: most over mean."},
    {"expert_prefill", "max / mean", Kind::Ratio, Better::Less,
     of<&StepMeans::prefill_expert_imbalance>,
     "Expert work of a prefill unit's GPUs: largest over mean."},
    {"expert_decode", "max / mean", Kind::Ratio, Better::Less,
     of<&StepMeans::decode_expert_imbalance>,
     "Expert work of a decode unit's GPUs: largest over mean."},
};

}  // namespace epfleet::metrics
