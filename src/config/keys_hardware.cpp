// Keys of the hardware profile, once for `hardware` and once for each phase's own override.
#include "key_files.h"
#include "key_rows.h"

namespace epfleet::config {
namespace {

// The letters of hardware/profile.h, written out; kH100 where a row names none.
constexpr const char* kProfile = "DeepSeek's profile-data of February 2025 (H800)";
constexpr const char* kGemm = "DeepGEMM README of 2025-02-25 (H800)";
constexpr const char* kEp = "DeepEP README of February 2025 and issue 71 (H800)";
constexpr const char* kH100 = "epfleet's H100 measurements (same die, clocks and memory as H800)";
constexpr const char* kNewer =
    "epfleet's H100 measurements of newer models and kernels (2026), by epfleet timing fit";
constexpr const char* kInsights = "Insights into DeepSeek-V3, ISCA 2025, arXiv 2505.09343";
constexpr const char* kStorage = "3FS README: 40 GiB/s at best over 400 Gb/s";

// Of the profile that both phases have unless one names its own.
constexpr const char* kEveryPhase = "hardware.";

// A member of the profile behind its name.
#define EPFLEET_FIELD(member) #member, &HardwareProfile::member

using hardware::HardwareProfile;

class ProfileRows {
 public:
  ProfileRows(Rows& rows, std::string prefix, HardwareProfile Scenario::* profile)
      : rows_(rows), prefix_(std::move(prefix)), profile_(profile) {}

  void add() {
    add_chip();
    add_gemm();
    add_gemm_tiles();
    add_attention_and_elementwise();
    add_newer_models();
    add_low_latency();
    add_normal_all_to_all_and_links();
  }

 private:
  template <class Value>
  [[nodiscard]] auto in_profile(Value HardwareProfile::* member) const {
    return [profile = profile_, member](auto& s) -> auto& { return s.*profile.*member; };
  }
  template <class Value>
  void number(const std::string& name, Value HardwareProfile::* member, Range range,
              std::string_view help, std::string_view source = kH100) {
    rows_.number(prefix_ + name, in_profile(member), range, {help, source});
  }
  void fixed(const std::string& name, base::Duration HardwareProfile::* member,
             std::string_view help, std::string_view source = kH100) {
    rows_.number(prefix_ + name, in_profile(member), between(0.0, 0.1), {help, source, "5 us"});
  }
  // A bandwidth or a computing rate; a million bytes or operations a second is none at all.
  template <class Value>
  void rate(const std::string& name, Value HardwareProfile::* member, std::string_view help,
            std::string_view source = kH100) {
    number(name, member, between(1e6, 1e21), help, source);
  }
  // Bytes that stay in the cache; none: 0 B.
  void in_l2(const std::string& name, base::Bytes HardwareProfile::* member,
             std::string_view help) {
    rows_.number(prefix_ + name, in_profile(member), between(0.0, 1e12), {help, kNewer, "8 MB"});
  }
  void flag(const std::string& name, bool HardwareProfile::* member, std::string_view help,
            std::string_view source) {
    rows_.flag(prefix_ + name, in_profile(member), {help, source});
  }
  template <class Value>
  void law(const std::string& name, Value HardwareProfile::* member,
           const std::vector<Word<Value>>& words, std::string_view help) {
    rows_.choice(prefix_ + name, in_profile(member), words, {help, kH100});
  }

  void add_chip() {
    number(EPFLEET_FIELD(gpus_per_node), between(1, 1024), "GPUs of one node.", "H800 HGX: 8");
    number(EPFLEET_FIELD(memory), between(1e6, 1e15), "Memory of one GPU.",
           std::string(kProfile) + ": totalGlobalMem");
    number(EPFLEET_FIELD(sms), between(1, 4096), "Streaming multiprocessors of one GPU.",
           "H800 SXM5: 132");
    rate(EPFLEET_FIELD(peak_fp8_rate),
         "Dense FP8 arithmetic of the data sheet: what MFU is a share of; prices no step.",
         "NVIDIA H100 SXM data sheet; of the H800 the same");
    rate(EPFLEET_FIELD(peak_memory_bandwidth),
         "Memory bandwidth of the data sheet: what MBU is a share of; prices no step.",
         "NVIDIA H100 SXM data sheet; of the H800 the same");
    number(EPFLEET_FIELD(prefill_comm_sms), between(0, 4095),
           "Of these, given to the all-to-all in prefill.", kEp);
    fixed(EPFLEET_FIELD(kernel_gap), "Time between kernels of a chain, beyond each alone.");
    sustained(EPFLEET_FIELD(sustained_gemm_factor), "FP8 products");
    sustained(EPFLEET_FIELD(sustained_decode_attention_factor), "attention in decode");
    sustained(EPFLEET_FIELD(sustained_prefill_attention_factor), "attention in prefill");
  }

  void sustained(const std::string& name, double HardwareProfile::* member,
                 const std::string& what) {
    number(name, member, {.low = 0.0, .high = 1.0, .low_open = true},
           "What a busy service's clock leaves of the cool rate: " + what + ".");
  }

  void add_gemm() {
    law(EPFLEET_FIELD(gemm_law),
        {{"roofline", "fixed + max(bytes / bandwidth, flops / rate + epilogue)",
          hardware::GemmLaw::Roofline},
         {"tiles", "DeepGEMM's own tiles, wave by wave: a saw-tooth in the rows",
          hardware::GemmLaw::Tiles}},
        "How FP8 products take their time.");
    fixed(EPFLEET_FIELD(dense_gemm_fixed), "Fixed time of a dense FP8 product.");
    rate(EPFLEET_FIELD(dense_gemm_bandwidth), "Memory bandwidth of a dense FP8 product.");
    rate(EPFLEET_FIELD(fp8_gemm_rate), "Cool rate of large FP8 products.", kGemm);
    rate(EPFLEET_FIELD(gemm_epilogue_bandwidth),
         "Bandwidth of writing a product's result, not overlapped.", kGemm);
    fixed(EPFLEET_FIELD(masked_gemm_fixed), "Fixed time of a grouped product in decode.");
    rate(EPFLEET_FIELD(masked_gemm_bandwidth),
         "Bandwidth at which a grouped product in decode reads active weights.");
    rate(EPFLEET_FIELD(masked_gemm_rate), "Rate of a grouped product in decode.", kProfile);
    fixed(EPFLEET_FIELD(contiguous_gemm_fixed), "Fixed time of a grouped product in prefill.");
    rate(EPFLEET_FIELD(contiguous_gemm_bandwidth),
         "Memory bandwidth of a grouped product in prefill.");
    fixed(EPFLEET_FIELD(bf16_gemm_fixed), "Fixed time of a BF16 product.");
    rate(EPFLEET_FIELD(bf16_gemm_bandwidth), "Memory bandwidth of a BF16 product.");
    rate(EPFLEET_FIELD(bf16_gemm_rate), "Rate of a BF16 product.");
    in_l2(EPFLEET_FIELD(bf16_l2_memory),
          "Of a BF16 product's inputs and outputs, what has no way to memory.");
    fixed(EPFLEET_FIELD(gate_gemm_fixed), "Fixed time of the router's product.", kProfile);
    fixed(EPFLEET_FIELD(fp32_gemm_fixed), "Fixed time of an FP32 product (a router in FP32).");
    rate(EPFLEET_FIELD(fp32_gemm_rate), "Rate of an FP32 product.");
  }

  // Used by the law `tiles` only.
  void add_gemm_tiles() {
    law(EPFLEET_FIELD(gemm_tiles),
        {{"waves", "fewest and fullest waves: to January 2026", hardware::GemmTiles::Waves},
         {"cycles", "least traffic by how full the waves are: June 2026",
          hardware::GemmTiles::Cycles}},
        "Tiles: by which rule DeepGEMM chooses them.");
    fixed(EPFLEET_FIELD(gemm_step_fixed),
          "Tiles: time of a step (128 of k) of one tile beside the multiply-adds.");
    fixed(EPFLEET_FIELD(gemm_step_per_64_rows),
          "Tiles: the same, more per 64 rows of the tile's height.");
    fixed(EPFLEET_FIELD(gemm_step_least), "Tiles: least time of a step.");
    number(EPFLEET_FIELD(gemm_odd_width), between(0.0, 10.0),
           "Tiles: more multiply-add time where the tile's width does not divide 128.");
    fixed(EPFLEET_FIELD(gemm_load_latency),
          "Tiles: a step takes at least this, divided by the stages of the pipeline.");
    fixed(EPFLEET_FIELD(gemm_ragged_64_rows),
          "Tiles: a step's extra time per 64 rows that the last tiles miss.");
    number(EPFLEET_FIELD(gemm_sm_contention), between(0.0, 1.0),
           "Tiles: a step's time goes with the SMs in use, as a share of all, to this power.");
    number(EPFLEET_FIELD(gemm_overlap_power), between(1.0, 100.0),
           "Tiles: memory m and arithmetic a of a wave take (m^p + a^p)^(1/p).");
  }

  void add_attention_and_elementwise() {
    law(EPFLEET_FIELD(mla_decode_law),
        {{"line", "fixed + KV tokens x max(bytes / bandwidth, flops / rate)",
          hardware::MlaLaw::Line},
         {"schedule", "FlashMLA's own division of the batch into parts",
          hardware::MlaLaw::Schedule}},
        "How the attention core of decode takes its time.");
    fixed(EPFLEET_FIELD(mla_decode_fixed), "Fixed time of the attention core in decode.");
    rate(EPFLEET_FIELD(mla_decode_bandwidth),
         "Bandwidth at which the attention core in decode reads KV.");
    rate(EPFLEET_FIELD(mla_decode_rate), "Cool rate of the attention core in decode.", kProfile);
    fixed(EPFLEET_FIELD(mla_request_fixed),
          "Schedule: fixed time of a part per request that it touches.");
    number(EPFLEET_FIELD(mla_overlap_power), between(1.0, 100.0),
           "Schedule: memory m and arithmetic a take (m^p + a^p)^(1/p).");
    rate(EPFLEET_FIELD(mla_partial_bandwidth),
         "Schedule: bandwidth of combining the partial results of split requests.");
    fixed(EPFLEET_FIELD(mla_split_fixed),
          "Schedule: the same, more per part of the most split request.");
    fixed(EPFLEET_FIELD(prefill_attention_fixed), "Fixed time of the attention core in prefill.");
    rate(EPFLEET_FIELD(prefill_attention_rate),
         "Cool rate of the attention core in prefill, all multiprocessors.");
    fixed(EPFLEET_FIELD(prefill_attention_tile),
          "Time per multiprocessor, 128 queries and head beyond the products.");
    number(EPFLEET_FIELD(prefill_attention_tail), between(0.0, 2.0),
           "Share of the longest tile's time in which the kernel's end leaves SMs idle.");
    rate(EPFLEET_FIELD(prefill_attention_bandwidth),
         "Bandwidth at which a chunk of known shape reads keys and values.");
    number(EPFLEET_FIELD(prefill_attention_overlap_power), between(1.0, 100.0),
           "Memory m and arithmetic a of it take (m^p + a^p)^(1/p).");
    fixed(EPFLEET_FIELD(norm_fixed), "Fixed time of a normalisation.");
    in_l2(EPFLEET_FIELD(norm_l2_memory),
          "Of a normalisation's bytes, what L2 still has: at half the price.");
    fixed(EPFLEET_FIELD(elementwise_fixed), "Fixed time of quantising, SiLU, rotary position.");
    rate(EPFLEET_FIELD(elementwise_bandwidth), "Memory bandwidth of element-wise kernels.");
    fixed(EPFLEET_FIELD(topk_fixed), "Fixed time of choosing experts.", kProfile);
    fixed(EPFLEET_FIELD(sampling_fixed), "Fixed time of sampling.");
    rate(EPFLEET_FIELD(row_select_bandwidth),
         "Bandwidth of choosing experts and sampling, per byte of scores.");
  }

  // Decode attention of few heads, and sparse attention.
  void add_newer_models() {
    const auto time = [this](const std::string& name, auto member, std::string_view help) {
      fixed(name, member, help, kNewer);
    };
    const auto flow = [this](const std::string& name, auto member, std::string_view help) {
      rate(name, member, help, kNewer);
    };
    const auto share = [this](const std::string& name, auto member, std::string_view help) {
      number(name, member, between(0.0, 10.0), help, kNewer);
    };
    time(EPFLEET_FIELD(mla_one_tile_fixed),
         "Fixed time of decode attention where heads x query tokens are 64 or fewer.");
    time(EPFLEET_FIELD(mla_one_tile_request_fixed),
         "The same, of a part per request that it touches.");
    flow(EPFLEET_FIELD(mla_one_tile_rate), "Its cool rate inside a block.");
    flow(EPFLEET_FIELD(mla_one_tile_bandwidth), "Bandwidth at which it reads KV.");
    time(EPFLEET_FIELD(mla_few_heads_split_fixed),
         "With 64 heads or fewer: combining, per part of the most split request.");
    number(
        EPFLEET_FIELD(sustained_sparse_decode_factor), {.low = 0.0, .high = 1.0, .low_open = true},
        "What a busy service's clock leaves of the cool rate: sparse attention in decode.", kNewer);
    time(EPFLEET_FIELD(sparse_decode_fixed), "Fixed time of sparse attention in decode.");
    time(EPFLEET_FIELD(sparse_decode_block), "Sparse decode: 64 keys of 128 heads on two SMs.");
    time(EPFLEET_FIELD(sparse_decode_lone_block), "Sparse decode: 64 keys of 64 heads on one SM.");
    share(EPFLEET_FIELD(sparse_decode_padding),
          "Sparse decode: share of a block's time that padded keys save.");
    share(EPFLEET_FIELD(sparse_decode_lone_padding), "The same with 64 heads.");
    time(EPFLEET_FIELD(sparse_split_fixed),
         "Sparse decode: combining, per part of the most split request.");
    time(EPFLEET_FIELD(sparse_prefill_fixed), "Fixed time of sparse attention in prefill.");
    time(EPFLEET_FIELD(sparse_prefill_tile), "Sparse prefill: 64 query rows, beside their keys.");
    flow(EPFLEET_FIELD(sparse_prefill_rate), "Sparse prefill: cool rate inside a tile.");
    share(EPFLEET_FIELD(sparse_prefill_l2_miss),
          "Sparse prefill: how much slower it is where no KV is in L2.");
    share(EPFLEET_FIELD(sparse_prefill_lone_l2_miss), "The same with 64 heads.");
    number(EPFLEET_FIELD(l2_memory), between(1e3, 1e12),
           "Of KV or scores, what stays in the L2 cache.", kNewer);
    time(EPFLEET_FIELD(indexer_fixed), "Fixed time of the indexer's scores in prefill.");
    time(EPFLEET_FIELD(indexer_row),
         "Indexer in prefill: 128 query rows (tokens x heads) of an SM.");
    flow(EPFLEET_FIELD(indexer_rate), "Indexer in prefill: cool rate inside a tile.");
    time(EPFLEET_FIELD(indexer_score),
         "Indexer in prefill: a query token and 256 keys, beside that.");
    time(EPFLEET_FIELD(indexer_decode_fixed), "Fixed time of the indexer's scores in decode.");
    flow(EPFLEET_FIELD(indexer_decode_bandwidth),
         "Indexer in decode: bandwidth of keys and scores.");
    time(EPFLEET_FIELD(indexer_decode_query),
         "Indexer in decode: per query token after the first.");
    time(EPFLEET_FIELD(index_rotate_fixed), "Fixed time of rotating the indexer's queries.");
    flow(EPFLEET_FIELD(l2_bandwidth), "Bandwidth of small kernels whose data is in L2.");
    time(EPFLEET_FIELD(index_quantise_per_token), "Quantising the indexer's queries, per token.");
    time(EPFLEET_FIELD(index_topk_fixed), "Fixed time of choosing keys.");
    time(EPFLEET_FIELD(index_topk_row), "Choosing keys: a row with more scores than are chosen.");
    if (prefix_ == kEveryPhase) {
      // the tables have random scores; how many share a bin at the threshold is the model's
      rows_.guess("2 us", "8 us");
    }
    time(EPFLEET_FIELD(index_topk_1000_scores), "Choosing keys: the same, per 1,000 scores.");
    time(EPFLEET_FIELD(index_topk_short_row), "Choosing keys: a row that is chosen as a whole.");
    time(EPFLEET_FIELD(index_topk_full_wave), "Choosing keys: more where every SM has a row.");
  }

  void add_low_latency() {
    fixed(EPFLEET_FIELD(low_latency_fixed), "Fixed time of the low-latency all-to-all (decode).",
          kEp);
    fixed(EPFLEET_FIELD(low_latency_dispatch_per_token), "Its dispatch, per token of a rank.", kEp);
    fixed(EPFLEET_FIELD(low_latency_combine_per_token), "Its combine, per token of a rank.", kEp);
    number(EPFLEET_FIELD(low_latency_reference_gpus), between(1, 65536),
           "GPUs that these two times are for.", kEp);
    number(EPFLEET_FIELD(low_latency_dispatch_growth), between(0.0, 1.0),
           "Growth of the dispatch per doubling of the GPUs.", kEp);
    number(EPFLEET_FIELD(low_latency_combine_growth), between(0.0, 1.0),
           "Growth of the combine per doubling of the GPUs.", kEp);
    flag(EPFLEET_FIELD(low_latency_nvlink),
         "Whether it uses NVLink within a node (from June 2025) or the NIC alone.", kEp);
    number(EPFLEET_FIELD(low_latency_combine_in_situ), between(1.0, 10.0),
           "Slowdown of the combine beside the attention core.", kProfile);
    on_sms("dispatch", &HardwareProfile::low_latency_dispatch_sm_fixed, {"0 us", "16 us"},
           &HardwareProfile::low_latency_dispatch_sm_per_token, {"120 ns", "240 ns"});
    on_sms("combine", &HardwareProfile::low_latency_combine_sm_fixed, {"0 us", "16 us"},
           &HardwareProfile::low_latency_combine_sm_per_token, {"180 ns", "305 ns"});
  }

  // What sending and receiving take of the SMs; a fixed part of 0 or 16 us with the other that
  // keeps the measured sum.
  using Plausible = std::pair<const char*, const char*>;
  void on_sms(const std::string& transfer, base::Duration HardwareProfile::* fixed_part,
              const Plausible& fixed_range, base::Duration HardwareProfile::* per_token,
              const Plausible& per_token_range) {
    const std::string source =
        "SGLang's chart of DeepEP's unit test (2025-05): 31 us of dispatch, 39 us of combine at "
        "128 "
        "tokens; how they divide is a guess";
    const std::string name = "low_latency_" + transfer + "_sm_";
    fixed(name + "fixed", fixed_part,
          "Time that its " + transfer + " holds the SMs beside compute, whatever it sends.",
          source);
    guess(fixed_range);
    fixed(name + "per_token", per_token, "The same, per token of a GPU's micro-batch.", source);
    guess(per_token_range);
  }
  void guess(const Plausible& range) {
    if (prefix_ == kEveryPhase) {
      rows_.guess(range.first, range.second);
    }
  }

  void add_normal_all_to_all_and_links() {
    rate(EPFLEET_FIELD(normal_dispatch_bandwidth),
         "Bandwidth of the normal all-to-all's dispatch (prefill).", kEp);
    rate(EPFLEET_FIELD(normal_combine_bandwidth), "Bandwidth of its combine.", kEp);
    flag(EPFLEET_FIELD(normal_counts_local_node),
         "Whether these bandwidths count the copy for the sender's own node.", kEp);
    rate(EPFLEET_FIELD(normal_forward_bandwidth),
         "NVLink bandwidth of copies that come through the NIC, per distinct GPU.", kEp);
    fixed(EPFLEET_FIELD(normal_dispatch_fixed), "Fixed time of its dispatch beside the barrier.",
          kEp);
    fixed(EPFLEET_FIELD(normal_combine_fixed), "Fixed time of its combine beside the barrier.",
          kEp);
    rate(EPFLEET_FIELD(nvlink_bandwidth), "Bandwidth within a node, for units of one node.", kEp);
    number(EPFLEET_FIELD(beside_transfer_factor), between(1.0, 10.0),
           "Slowdown of computing beside the normal all-to-all.",
           "1 for the H800: its kernels of February 2025 meet the overlapped trace as they are; "
           "1.25 for later, faster kernels: SGLang's prefill of May 2025");
    number(EPFLEET_FIELD(normal_in_situ_factor), between(1.0, 10.0),
           "Slowdown of the normal all-to-all beside computing.", kProfile);
    fixed(EPFLEET_FIELD(normal_dispatch_barrier), "Waiting of a dispatch for the slowest rank.",
          kProfile);
    fixed(EPFLEET_FIELD(normal_combine_barrier), "Waiting of a combine for the slowest rank.",
          kProfile);
    number(
        EPFLEET_FIELD(normal_barrier_tokens), between(1, 8'192),
        "Tokens of the fullest GPU's micro-batch from which on both wait so long; below, less in "
        "proportion.",
        "a guess: a barrier waits for what the slowest rank has to do; the one profile, whose "
        "times these are, has 8,192");
    guess({"1024", "8192"});
    rate(EPFLEET_FIELD(rdma_bandwidth), "Effective bandwidth of a GPU's own NIC, for moving KV.",
         kInsights);
    rate(EPFLEET_FIELD(storage_bandwidth), "Bandwidth of a node's storage NIC.", kStorage);
    rate(EPFLEET_FIELD(pcie_bandwidth), "Bandwidth between a GPU and its host, one direction.");
  }

  Rows& rows_;
  std::string prefix_;
  HardwareProfile Scenario::* profile_;
};

#undef EPFLEET_FIELD

}  // namespace

void add_hardware_rows(Rows& rows) {
  ProfileRows(rows, kEveryPhase, &Scenario::hardware).add();
  ProfileRows(rows, "prefill.hardware.", &Scenario::prefill_hardware).add();
  ProfileRows(rows, "decode.hardware.", &Scenario::decode_hardware).add();
}

}  // namespace epfleet::config
