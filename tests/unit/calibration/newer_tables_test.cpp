// Tables of newer models: what of a row decides its prediction, and what is said about the others.
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "epfleet/calibration/kernel_fit.h"
#include "epfleet/calibration/measured_kernels.h"
#include "support/temporary_file.h"

namespace epfleet::calibration {
namespace {

constexpr timing::Clock kCool = timing::Clock::Cool;

struct Compared {
  std::vector<MeasuredKernel> kernels;
  std::string column;
  [[nodiscard]] double error(std::size_t row) const {
    return *kernels[row].error_ratio({hardware::HardwareProfile{}, kCool});
  }
};

// `name`: of the file.
Compared compare(const std::string& name, const std::string& text,
                 timing::Clock clock = timing::Clock::Cool) {
  const test::TemporaryFile file(text, "_" + name + ".csv");
  const MeasuredTable table = MeasuredTable::load(file.path());
  return {measured_kernels(table, "", clock), measured_column(table, clock)};
}

// Measured rows (H100); rev, diff and set say nothing about a prediction.
TEST(NewerTables, RowsOfSparseAttention) {
  const Compared decode = compare("sparse_decode",
                                  "rev,heads,batch,ctx,s_q,topk,index_order,us,set,mhz,diff\n"
                                  "9241ae3,128,128,16384,1,2048,rand,184.066,grid,1980,0.1\n"
                                  "9241ae3,64,128,16384,1,2048,rand,117.413,grid,1980,0.1\n"
                                  "9241ae3,128,64,16384,2,2048,rand,183.719,grid,1980,\n");
  const Compared prefill = compare("sparse_prefill",
                                   "heads,tokens,prefix,kv_len,topk,mode,us\n"
                                   "128,4096,4096,8192,2048,pad,3445.295\n"
                                   "64,1024,1024,2048,2048,len,372.808\n");
  for (std::size_t row = 0; row < 3; ++row) {
    EXPECT_NEAR(decode.error(row), 0.0, 0.03) << row;
  }
  EXPECT_NEAR(prefill.error(0), 0.0, 0.03);
  EXPECT_NEAR(prefill.error(1), 0.0, 0.08);
}

TEST(NewerTables, RowsThatNameTheirKernelInShort) {
  const Compared indexer = compare("indexer_heads32",
                                   "kernel,tokens_or_batch,kv_len,heads,dim,us\n"
                                   "fp8_mqa_logits,256,32768,32,128,133.919\n"
                                   "fp8_paged_mqa_logits,64,16384,32,128,53.67\n");
  EXPECT_NEAR(indexer.error(0), 0.0, 0.05);
  EXPECT_NEAR(indexer.error(1), 0.0, 0.05);
  const Compared choice = compare("topk",
                                  "kernel,rows,length,topk,phase,us\n"
                                  "radix_topk2048,128,32768,2048,decode,25.651\n"
                                  "torch_topk,128,16384,2048,decode,75.853\n"
                                  "radix_topk2048,8192,8192,2048,prefill_causal,388.088\n");
  EXPECT_NEAR(choice.error(0), 0.0, 0.06);
  EXPECT_FALSE(choice.kernels[1].seconds);  // no step uses it
  EXPECT_NEAR(choice.error(2), 0.0, 0.13);
}

TEST(NewerTables, HeadsAreAColumnOrInTheName) {
  const Compared by_column =
      compare("mla_decode", "heads,batch,kv_len,s_q,us\n64,128,4096,1,213.2\n16,8,4096,1,29.2\n");
  EXPECT_NEAR(by_column.error(0), 0.0, 0.05);
  const Compared by_name = compare("sustained",
                                   "kernel,name,m,n,k,us_cool,us\n"
                                   "mla_dense,h64_sq1,128,4096,576,213.705,217.620\n"
                                   "sparse_decode,h128_sq2,64,16384,2048,180.877,196.307\n"
                                   "paged_mqa_logits,nn1,128,16384,128,105.167,105.076\n");
  for (std::size_t row = 0; row < 3; ++row) {
    EXPECT_NEAR(by_name.error(row), 0.0, 0.05) << row;
  }
}

// The cool clock is compared with cool times where a table has both.
TEST(NewerTables, ColumnsOfTwoClocksAndTwoRevisions) {
  const std::string both = "kernel,name,m,n,k,us_cool,us\ndense,x,64,4096,7168,13,15\n";
  EXPECT_EQ(compare("sustained", both).column, "us_cool");
  EXPECT_EQ(compare("sustained", both).kernels[0].measured_us, 13.0);
  EXPECT_EQ(compare("sustained", both, timing::Clock::Sustained).kernels[0].measured_us, 15.0);
  const Compared revisions = compare("revisions",
                                     "kernel,name,m,n,k,pattern,us_earlier,us_2026,ratio\n"
                                     "masked,G4,64,4096,7168,even,44.574,44.265,0.99\n"
                                     "masked,G24,64,4096,7168,even,,255.1,\n");
  EXPECT_EQ(revisions.column, "us_earlier");
  EXPECT_EQ(revisions.kernels[0].measured_us, 44.574);
  EXPECT_EQ(revisions.kernels[1].measured_us, 255.1);
}

TEST(NewerTables, PartsThatAreMeasuredAlone) {
  const Compared parts = compare("mla_parts",
                                 "kernel,rev,heads,batch,kv_len,topk,s_q,split_us,combine_us\n"
                                 "dense,9241ae3,64,128,4096,,1,212.1,1.687\n"
                                 "sparse,9241ae3,128,128,16384,2048,1,184.3,2.355\n");
  EXPECT_NEAR(parts.kernels[0].measured_us, 213.787, 1e-9);
  EXPECT_NEAR(parts.error(0), 0.0, 0.05);
  EXPECT_NEAR(parts.error(1), 0.0, 0.05);
}

TEST(NewerTables, GroupsOfUnevenRowsArePaddedOneByOne) {
  const Compared rows = compare("gemm_grouped_contiguous",
                                "groups,tokens_per_group,n,k,rows,layout,us\n"
                                "6,128,4096,7168,1152,200 274 98 37 94 65,77.854\n"
                                "6,128,4096,7168,1152,192 192 192 192 192 192,77.854\n");
  hardware::HardwareProfile tiles;
  tiles.gemm_law = hardware::GemmLaw::Tiles;
  // nine tiles high against twelve
  EXPECT_LT(*rows.kernels[0].predicted_us({tiles, kCool}),
            *rows.kernels[1].predicted_us({tiles, kCool}));
}

TEST(NewerTables, TablesWithoutAKernelsTimeSayWhy) {
  for (const auto& [name, said] : {std::pair{"host_chain", "launches cost the host"},
                                   {"host_launch", "launches cost the host"},
                                   {"ratios_h100", "ratios of rows"}}) {
    try {
      compare(name, "kernel,case,ratio\nmasked,4 4 4096 7168 even,0.746\n");
      FAIL() << name;
    } catch (const base::InputError& error) {
      EXPECT_NE(std::string(error.what()).find(said), std::string::npos) << error.what();
    }
  }
}

TEST(NewerTables, KeysAreAtLeastTheTokensThemselves) {
  EXPECT_THROW(compare("indexer_prefill", "tokens,kv_len,us\n512,256,6\n"), base::InputError);
}

// Rows made from a GPU whose sparse blocks take 4 us: the fit finds them.
TEST(NewerTables, AFitFindsTheBlockOfSparseDecode) {
  hardware::HardwareProfile gpu;
  gpu.sparse_decode_block = base::Duration(4'000);
  const timing::Kernels kernels(gpu, gpu.sms, kCool);
  std::string rows = "heads,batch,ctx,s_q,topk,us\n";
  model::Model model;
  for (const std::int64_t batch : {1, 4, 8, 16, 32, 64, 100, 128, 192, 256}) {
    const double us =
        1e6 * kernels.sparse().decode(model, static_cast<double>(batch), 16'384.0, 1.0);
    rows += "128," + std::to_string(batch) + ",16384,1,2048," + std::to_string(us) + "\n";
  }
  const test::TemporaryFile file(rows, "_sparse_decode.csv");
  KernelFit fit{hardware::HardwareProfile{}};
  fit.add(MeasuredTable::load(file.path()));
  const FitResult result = fit.run();
  ASSERT_EQ(result.parts.size(), 1U);
  EXPECT_EQ(result.parts[0].name, "sparse attention in decode");
  EXPECT_LT(result.parts[0].after, 0.01);
  EXPECT_NEAR(static_cast<double>(result.profile.sparse_decode_block.count()), 4'000.0, 80.0);
}

}  // namespace
}  // namespace epfleet::calibration
