// Keys of the hardware profile, once for `hardware` and once for each phase's own override.
#include "key_rows.h"

namespace epfleet::config {
namespace {

// The letters of hardware/profile.h, written out.
constexpr const char* kProfile = "DeepSeek's profile-data of February 2025 (H800)";
constexpr const char* kGemm = "DeepGEMM README of 2025-02-25 (H800)";
constexpr const char* kEp = "DeepEP README of February 2025 and issue 71 (H800)";
constexpr const char* kH100 = "epfleet's H100 measurements (same die, clocks and memory as H800)";
constexpr const char* kInsights = "Insights into DeepSeek-V3, ISCA 2025, arXiv 2505.09343";
constexpr const char* kStorage = "3FS README: 40 GiB/s at best over 400 Gb/s";

// The member of a profile, as EPFLEET_MEMBER is one of the scenario.
#define EPFLEET_OF_PROFILE(...) [](auto& profile) -> auto& { return profile.__VA_ARGS__; }

template <class Profile>
class ProfileRows {
 public:
  ProfileRows(Rows& rows, std::string prefix, Profile profile)
      : rows_(rows), prefix_(std::move(prefix)), profile_(profile) {}

  void add() {
    add_chip();
    add_gemm();
    add_gemm_tiles();
    add_attention_and_elementwise();
    add_low_latency();
    add_normal_all_to_all_and_links();
  }

 private:
  template <class Member>
  void row(const std::string& name, Dimension dimension, Member member, Range range,
           std::string help, std::string source) {
    rows_.number(prefix_ + name, dimension,
                 [profile = profile_, member](auto& s) -> auto& { return member(profile(s)); },
                 range, {std::move(help), std::move(source)});
  }
  template <class Member>
  void fixed(const std::string& name, Member member, std::string help, std::string source) {
    row(name, Dimension::Duration, member, between(0.0, 1.0), std::move(help), std::move(source));
  }
  template <class Member>
  void bandwidth(const std::string& name, Member member, std::string help, std::string source) {
    row(name, Dimension::Bandwidth, member, above(0.0), std::move(help), std::move(source));
  }
  template <class Member>
  void rate(const std::string& name, Member member, std::string help, std::string source) {
    row(name, Dimension::FlopRate, member, above(0.0), std::move(help), std::move(source));
  }
  template <class Member>
  void factor(const std::string& name, Member member, Range range, std::string help,
              std::string source) {
    row(name, Dimension::Number, member, range, std::move(help), std::move(source));
  }

  template <class Member, class Value>
  void law(const std::string& name, Member member, std::vector<std::pair<Choice, Value>> values,
           std::string help) {
    rows_.choice(prefix_ + name,
                 [profile = profile_, member](auto& s) -> auto& { return member(profile(s)); },
                 std::move(values), {std::move(help), kH100});
  }

  void add_chip() {
    row("gpus_per_node", Dimension::Number, EPFLEET_OF_PROFILE(gpus_per_node), between(1, 1024),
        "GPUs of one node.", "H800 HGX: 8");
    row("memory", Dimension::Bytes, EPFLEET_OF_PROFILE(memory), above(0.0), "Memory of one GPU.",
        std::string(kProfile) + ": totalGlobalMem");
    row("sms", Dimension::Number, EPFLEET_OF_PROFILE(sms), between(1, 4096),
        "Streaming multiprocessors of one GPU.", "H800 SXM5: 132");
    row("prefill_comm_sms", Dimension::Number, EPFLEET_OF_PROFILE(prefill_comm_sms),
        between(0, 4095), "Of these, given to the all-to-all in prefill.", kEp);
    fixed("kernel_gap", EPFLEET_OF_PROFILE(kernel_gap),
          "Time between kernels of a chain, beyond each alone.", kH100);
    const auto sustained = [this](const std::string& name, auto member, const std::string& what) {
      this->factor(name, member, {.low = 0.0, .high = 1.0, .low_open = true},
                   "What a busy service's clock leaves of the cool rate: " + what + ".", kH100);
    };
    sustained("sustained_gemm_factor", EPFLEET_OF_PROFILE(sustained_gemm_factor), "FP8 products");
    sustained("sustained_decode_attention_factor",
              EPFLEET_OF_PROFILE(sustained_decode_attention_factor), "attention in decode");
    sustained("sustained_prefill_attention_factor",
              EPFLEET_OF_PROFILE(sustained_prefill_attention_factor), "attention in prefill");
  }

  void add_gemm() {
    law("gemm_law", EPFLEET_OF_PROFILE(gemm_law),
        std::vector<std::pair<Choice, hardware::GemmLaw>>{
            {{"roofline", "fixed + max(bytes / bandwidth, flops / rate + epilogue)"},
             hardware::GemmLaw::Roofline},
            {{"tiles", "DeepGEMM's own tiles, wave by wave: a saw-tooth in the rows"},
             hardware::GemmLaw::Tiles}},
        "How FP8 products take their time.");
    fixed("dense_gemm_fixed", EPFLEET_OF_PROFILE(dense_gemm_fixed),
          "Fixed time of a dense FP8 product.", kH100);
    bandwidth("dense_gemm_bandwidth", EPFLEET_OF_PROFILE(dense_gemm_bandwidth),
              "Memory bandwidth of a dense FP8 product.", kH100);
    rate("fp8_gemm_rate", EPFLEET_OF_PROFILE(fp8_gemm_rate), "Cool rate of large FP8 products.",
         kGemm);
    bandwidth("gemm_epilogue_bandwidth", EPFLEET_OF_PROFILE(gemm_epilogue_bandwidth),
              "Bandwidth of writing a product's result, not overlapped.", kGemm);
    fixed("masked_gemm_fixed", EPFLEET_OF_PROFILE(masked_gemm_fixed),
          "Fixed time of a grouped product in decode.", kH100);
    bandwidth("masked_gemm_bandwidth", EPFLEET_OF_PROFILE(masked_gemm_bandwidth),
              "Bandwidth at which a grouped product in decode reads active weights.", kH100);
    rate("masked_gemm_rate", EPFLEET_OF_PROFILE(masked_gemm_rate),
         "Rate of a grouped product in decode.", kProfile);
    fixed("contiguous_gemm_fixed", EPFLEET_OF_PROFILE(contiguous_gemm_fixed),
          "Fixed time of a grouped product in prefill.", kH100);
    bandwidth("contiguous_gemm_bandwidth", EPFLEET_OF_PROFILE(contiguous_gemm_bandwidth),
              "Memory bandwidth of a grouped product in prefill.", kH100);
    fixed("bf16_gemm_fixed", EPFLEET_OF_PROFILE(bf16_gemm_fixed), "Fixed time of a BF16 product.",
          kH100);
    bandwidth("bf16_gemm_bandwidth", EPFLEET_OF_PROFILE(bf16_gemm_bandwidth),
              "Memory bandwidth of a BF16 product.", kH100);
    rate("bf16_gemm_rate", EPFLEET_OF_PROFILE(bf16_gemm_rate), "Rate of a BF16 product.", kH100);
    fixed("gate_gemm_fixed", EPFLEET_OF_PROFILE(gate_gemm_fixed),
          "Fixed time of the router's product.", kProfile);
    fixed("fp32_gemm_fixed", EPFLEET_OF_PROFILE(fp32_gemm_fixed),
          "Fixed time of an FP32 product (a router in FP32).", kH100);
    rate("fp32_gemm_rate", EPFLEET_OF_PROFILE(fp32_gemm_rate), "Rate of an FP32 product.", kH100);
  }

  // Used by the law `tiles` only.
  void add_gemm_tiles() {
    fixed("gemm_step_fixed", EPFLEET_OF_PROFILE(gemm_step_fixed),
          "Tiles: time of a step (128 of k) of one tile beside the multiply-adds.", kH100);
    fixed("gemm_step_per_64_rows", EPFLEET_OF_PROFILE(gemm_step_per_64_rows),
          "Tiles: the same, more per 64 rows of the tile's height.", kH100);
    fixed("gemm_step_least", EPFLEET_OF_PROFILE(gemm_step_least), "Tiles: least time of a step.",
          kH100);
    factor("gemm_odd_width", EPFLEET_OF_PROFILE(gemm_odd_width), between(0.0, 10.0),
           "Tiles: more multiply-add time where the tile's width does not divide 128.", kH100);
    fixed("gemm_load_latency", EPFLEET_OF_PROFILE(gemm_load_latency),
          "Tiles: a step takes at least this, divided by the stages of the pipeline.", kH100);
    fixed("gemm_ragged_64_rows", EPFLEET_OF_PROFILE(gemm_ragged_64_rows),
          "Tiles: a step's extra time per 64 rows that the last tiles miss.", kH100);
    factor("gemm_sm_contention", EPFLEET_OF_PROFILE(gemm_sm_contention), between(0.0, 1.0),
           "Tiles: a step's time goes with the SMs in use, as a share of all, to this power.",
           kH100);
    factor("gemm_overlap_power", EPFLEET_OF_PROFILE(gemm_overlap_power), between(1.0, 100.0),
           "Tiles: memory m and arithmetic a of a wave take (m^p + a^p)^(1/p).", kH100);
  }

  void add_attention_and_elementwise() {
    law("mla_decode_law", EPFLEET_OF_PROFILE(mla_decode_law),
        std::vector<std::pair<Choice, hardware::MlaLaw>>{
            {{"line", "fixed + KV tokens x max(bytes / bandwidth, flops / rate)"},
             hardware::MlaLaw::Line},
            {{"schedule", "FlashMLA's own division of the batch into parts"},
             hardware::MlaLaw::Schedule}},
        "How the attention core of decode takes its time.");
    fixed("mla_decode_fixed", EPFLEET_OF_PROFILE(mla_decode_fixed),
          "Fixed time of the attention core in decode.", kH100);
    bandwidth("mla_decode_bandwidth", EPFLEET_OF_PROFILE(mla_decode_bandwidth),
              "Bandwidth at which the attention core in decode reads KV.", kH100);
    rate("mla_decode_rate", EPFLEET_OF_PROFILE(mla_decode_rate),
         "Cool rate of the attention core in decode.", kProfile);
    fixed("mla_request_fixed", EPFLEET_OF_PROFILE(mla_request_fixed),
          "Schedule: fixed time of a part per request that it touches.", kH100);
    factor("mla_overlap_power", EPFLEET_OF_PROFILE(mla_overlap_power), between(1.0, 100.0),
           "Schedule: memory m and arithmetic a take (m^p + a^p)^(1/p).", kH100);
    bandwidth("mla_partial_bandwidth", EPFLEET_OF_PROFILE(mla_partial_bandwidth),
              "Schedule: bandwidth of combining the partial results of split requests.", kH100);
    fixed("mla_split_fixed", EPFLEET_OF_PROFILE(mla_split_fixed),
          "Schedule: the same, more per part of the most split request.", kH100);
    fixed("prefill_attention_fixed", EPFLEET_OF_PROFILE(prefill_attention_fixed),
          "Fixed time of the attention core in prefill.", kH100);
    rate("prefill_attention_rate", EPFLEET_OF_PROFILE(prefill_attention_rate),
         "Cool rate of the attention core in prefill, all multiprocessors.", kH100);
    fixed("prefill_attention_tile", EPFLEET_OF_PROFILE(prefill_attention_tile),
          "Time per multiprocessor, 128 queries and head beyond the products.", kH100);
    factor("prefill_attention_tail", EPFLEET_OF_PROFILE(prefill_attention_tail), between(0.0, 2.0),
           "Share of the longest tile's time in which the kernel's end leaves SMs idle.", kH100);
    bandwidth("prefill_attention_bandwidth", EPFLEET_OF_PROFILE(prefill_attention_bandwidth),
              "Bandwidth at which a chunk of known shape reads keys and values.", kH100);
    factor("prefill_attention_overlap_power", EPFLEET_OF_PROFILE(prefill_attention_overlap_power),
           between(1.0, 100.0), "Memory m and arithmetic a of it take (m^p + a^p)^(1/p).", kH100);
    fixed("norm_fixed", EPFLEET_OF_PROFILE(norm_fixed), "Fixed time of a normalisation.", kH100);
    fixed("elementwise_fixed", EPFLEET_OF_PROFILE(elementwise_fixed),
          "Fixed time of quantising, SiLU, rotary position.", kH100);
    bandwidth("elementwise_bandwidth", EPFLEET_OF_PROFILE(elementwise_bandwidth),
              "Memory bandwidth of element-wise kernels.", kH100);
    fixed("topk_fixed", EPFLEET_OF_PROFILE(topk_fixed), "Fixed time of choosing experts.",
          kProfile);
    fixed("sampling_fixed", EPFLEET_OF_PROFILE(sampling_fixed), "Fixed time of sampling.", kH100);
    bandwidth("row_select_bandwidth", EPFLEET_OF_PROFILE(row_select_bandwidth),
              "Bandwidth of choosing experts and sampling, per byte of scores.", kH100);
  }

  void add_low_latency() {
    fixed("low_latency_fixed", EPFLEET_OF_PROFILE(low_latency_fixed),
          "Fixed time of the low-latency all-to-all (decode).", kEp);
    fixed("low_latency_dispatch_per_token", EPFLEET_OF_PROFILE(low_latency_dispatch_per_token),
          "Its dispatch, per token of a rank.", kEp);
    fixed("low_latency_combine_per_token", EPFLEET_OF_PROFILE(low_latency_combine_per_token),
          "Its combine, per token of a rank.", kEp);
    row("low_latency_reference_gpus", Dimension::Number,
        EPFLEET_OF_PROFILE(low_latency_reference_gpus), between(1, 65536),
        "GPUs that these two times are for.", kEp);
    factor("low_latency_dispatch_growth", EPFLEET_OF_PROFILE(low_latency_dispatch_growth),
           between(0.0, 1.0), "Growth of the dispatch per doubling of the GPUs.", kEp);
    factor("low_latency_combine_growth", EPFLEET_OF_PROFILE(low_latency_combine_growth),
           between(0.0, 1.0), "Growth of the combine per doubling of the GPUs.", kEp);
    rows_.flag(prefix_ + "low_latency_nvlink",
               [profile = profile_](auto& s) -> auto& { return profile(s).low_latency_nvlink; },
               {"Whether it uses NVLink within a node (from June 2025) or the NIC alone.", kEp});
    factor("low_latency_combine_in_situ", EPFLEET_OF_PROFILE(low_latency_combine_in_situ),
           between(1.0, 10.0), "Slowdown of the combine beside the attention core.", kProfile);
  }

  void add_normal_all_to_all_and_links() {
    bandwidth("normal_dispatch_bandwidth", EPFLEET_OF_PROFILE(normal_dispatch_bandwidth),
              "Bandwidth of the normal all-to-all's dispatch (prefill).", kEp);
    bandwidth("normal_combine_bandwidth", EPFLEET_OF_PROFILE(normal_combine_bandwidth),
              "Bandwidth of its combine.", kEp);
    rows_.flag(
        prefix_ + "normal_counts_local_node",
        [profile = profile_](auto& s) -> auto& { return profile(s).normal_counts_local_node; },
        {"Whether these bandwidths count the copy for the sender's own node.", kEp});
    bandwidth("normal_forward_bandwidth", EPFLEET_OF_PROFILE(normal_forward_bandwidth),
              "NVLink bandwidth of copies that come through the NIC, per distinct GPU.", kEp);
    fixed("normal_dispatch_fixed", EPFLEET_OF_PROFILE(normal_dispatch_fixed),
          "Fixed time of its dispatch beside the barrier.", kEp);
    fixed("normal_combine_fixed", EPFLEET_OF_PROFILE(normal_combine_fixed),
          "Fixed time of its combine beside the barrier.", kEp);
    bandwidth("nvlink_bandwidth", EPFLEET_OF_PROFILE(nvlink_bandwidth),
              "Bandwidth within a node, for units of one node.", kEp);
    factor("normal_in_situ_factor", EPFLEET_OF_PROFILE(normal_in_situ_factor), between(1.0, 10.0),
           "Slowdown of the normal all-to-all beside computing.", kProfile);
    fixed("normal_dispatch_barrier", EPFLEET_OF_PROFILE(normal_dispatch_barrier),
          "Waiting of a dispatch for the slowest rank.", kProfile);
    fixed("normal_combine_barrier", EPFLEET_OF_PROFILE(normal_combine_barrier),
          "Waiting of a combine for the slowest rank.", kProfile);
    bandwidth("rdma_bandwidth", EPFLEET_OF_PROFILE(rdma_bandwidth),
              "Effective bandwidth of a GPU's own NIC, for moving KV.", kInsights);
    bandwidth("storage_bandwidth", EPFLEET_OF_PROFILE(storage_bandwidth),
              "Bandwidth of a node's storage NIC.", kStorage);
    bandwidth("pcie_bandwidth", EPFLEET_OF_PROFILE(pcie_bandwidth),
              "Bandwidth between a GPU and its host, one direction.", kH100);
  }

  Rows& rows_;
  std::string prefix_;
  Profile profile_;
};

#undef EPFLEET_OF_PROFILE

}  // namespace

void add_hardware_rows(Rows& rows) {
  ProfileRows(rows, "hardware.", EPFLEET_MEMBER(hardware)).add();
  ProfileRows(rows, "prefill.hardware.", EPFLEET_MEMBER(prefill_hardware)).add();
  ProfileRows(rows, "decode.hardware.", EPFLEET_MEMBER(decode_hardware)).add();
}

}  // namespace epfleet::config
