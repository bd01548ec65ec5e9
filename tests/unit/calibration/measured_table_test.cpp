#include "epfleet/calibration/measured_table.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "epfleet/calibration/measured_kernels.h"
#include "epfleet/text/output_file.h"

namespace epfleet::calibration {
namespace {

class TableFile : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }
  MeasuredTable table(const std::string& text) {
    std::ofstream(path_, std::ios::binary) << text;
    return MeasuredTable::load(path_);
  }
  std::string path_ =
      (std::filesystem::temp_directory_path() /
       ("epfleet_table_" + std::to_string(::testing::UnitTest::GetInstance()->random_seed()) + "_" +
        ::testing::UnitTest::GetInstance()->current_test_info()->name() + ".csv"))
          .string();
};

TEST_F(TableFile, QuotesCommentsAndWindowsLines) {
  const MeasuredTable rows =
      table("# a comment\r\nkind,m,us,note\r\n\r\ncopy,4,1.5,\"read, then written\"\r\n");
  ASSERT_EQ(rows.rows(), 1U);
  EXPECT_EQ(rows.text(0, "note"), "read, then written");
  EXPECT_EQ(rows.whole(0, "m", 1), 4);
  EXPECT_DOUBLE_EQ(rows.positive(0, "us"), 1.5);
  EXPECT_EQ(rows.line(0), "copy,4,1.5,\"read, then written\"");  // kept for the output
  EXPECT_FALSE(rows.has("n"));
}

TEST_F(TableFile, ReadsCompressedFilesUnderTheirOwnName) {
  const std::string path = path_ + ".zst";
  text::OutputFile file(path, text::Compression::Zstd);
  file.add("m,us\n4,1.5\n");
  file.finish();
  const MeasuredTable rows = MeasuredTable::load(path);
  std::filesystem::remove(path);
  EXPECT_DOUBLE_EQ(rows.positive(0, "us"), 1.5);
  EXPECT_EQ(rows.stem(), std::filesystem::path(path_).stem());
}

TEST_F(TableFile, ListsOfNumbers) {
  const MeasuredTable rows = table("mask,us\n8 0 24,1\n,1\n");
  EXPECT_EQ(rows.whole_list(0, "mask"), (std::vector<std::int64_t>{8, 0, 24}));
  EXPECT_TRUE(rows.whole_list(1, "mask").empty());
}

// No heads: a division by 0.
TEST_F(TableFile, ANameWithoutHeadsHasTheModels) {
  const MeasuredTable rows = table("kernel,name,m,n,k,us\nmla,h0_sq1,6,4096,576,114\n");
  const hardware::HardwareProfile profile;
  const auto kernels = measured_kernels(rows, "", timing::Clock::Cool);
  EXPECT_GT(*kernels[0].predicted_us({profile, timing::Clock::Cool}), 0.0);
}

// A length for each of six billion requests was asked for: out of memory.
TEST_F(TableFile, ABatchThatNoMemoryHoldsIsRefused) {
  for (const char* row : {"mla,6204620484,4096", "mla,1000001,4096", "mla,64,1000000001"}) {
    const MeasuredTable rows =
        table(std::string("kernel,batch,kv_len,s_q,us\n") + row + ",1,212\n");
    EXPECT_THROW((void)measured_kernels(rows, "", timing::Clock::Cool), base::InputError) << row;
  }
}

TEST_F(TableFile, WhatIsNoNumberIsToldWithItsPlace) {
  const MeasuredTable rows = table("m,us\n4,fast\n-1,1\n");
  try {
    (void)rows.positive(0, "us");
    FAIL();
  } catch (const base::InputError& error) {
    EXPECT_EQ(error.problems()[0].line, 2);
    EXPECT_EQ(error.problems()[0].column, 3);
  }
  EXPECT_THROW((void)rows.whole(1, "m", 0), base::InputError);
  EXPECT_THROW((void)rows.text(0, "n"), base::InputError);
  EXPECT_THROW((void)table("m,us\n4\n"), base::InputError);
  EXPECT_THROW((void)table("m,us\n"), base::InputError);
}

}  // namespace
}  // namespace epfleet::calibration
