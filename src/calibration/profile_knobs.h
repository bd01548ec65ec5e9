// The constants of a hardware profile that a fit may move, by the family of kernels they explain.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "epfleet/hardware/profile.h"

namespace epfleet::calibration {

struct Knob {
  std::string key;  // as in the profile
  double low, high;
  std::function<double(const hardware::HardwareProfile&)> get;
  std::function<void(hardware::HardwareProfile&, double)> set;
  double size_of_none = 1.0;  // where the profile has 0: how far a fit looks

  // What a tenth of it, or a simplex around it, is a part of.
  [[nodiscard]] double size(const hardware::HardwareProfile& profile) const {
    const double value = get(profile);
    return value == 0.0 ? size_of_none : value;
  }
};

struct Family {
  std::string name;
  std::vector<Knob> knobs;
};

// In the order of fitting; what a law does not use is not among its knobs.
[[nodiscard]] std::vector<Family> families(const hardware::HardwareProfile& profile);

// Names of families.
inline constexpr const char* kFp8Family = "FP8 products";
inline constexpr const char* kBf16Family = "BF16 products";
inline constexpr const char* kGateFamily = "router";
inline constexpr const char* kFp32Family = "FP32 router";
inline constexpr const char* kMlaFamily = "attention in decode";
inline constexpr const char* kFewHeadsFamily = "attention in decode, 64 heads or fewer";
inline constexpr const char* kSparseDecodeFamily = "sparse attention in decode";
inline constexpr const char* kSparsePrefillFamily = "sparse attention in prefill";
inline constexpr const char* kIndexerPrefillFamily = "indexer in prefill";
inline constexpr const char* kIndexerDecodeFamily = "indexer in decode";
inline constexpr const char* kIndexTopkFamily = "choice of keys";
inline constexpr const char* kRotateFamily = "rotation of the indexer's queries";
inline constexpr const char* kIndexQuantFamily = "quantisation of the indexer's queries";
inline constexpr const char* kHotSparseFamily = "sparse attention in decode, sustained clock";
inline constexpr const char* kPrefillAttentionFamily = "attention in prefill";
inline constexpr const char* kNormFamily = "norms";
inline constexpr const char* kElementwiseFamily = "element-wise kernels";
inline constexpr const char* kTopkFamily = "choice of experts";
inline constexpr const char* kSamplingFamily = "sampling";
inline constexpr const char* kHostFamily = "copies to and from the host";
inline constexpr const char* kChainFamily = "whole layers";
inline constexpr const char* kHotGemmFamily = "FP8 products, sustained clock";
inline constexpr const char* kHotMlaFamily = "attention in decode, sustained clock";
inline constexpr const char* kHotPrefillFamily = "attention in prefill, sustained clock";

}  // namespace epfleet::calibration
