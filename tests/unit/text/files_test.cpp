// Files as a whole and files that appear when they are complete.
#include "epfleet/text/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "epfleet/base/error.h"
#include "epfleet/text/line_reader.h"
#include "epfleet/text/output_file.h"

namespace epfleet::text {
namespace {

namespace fs = std::filesystem;

class Files : public testing::Test {
 protected:
  Files() {
    std::string name = (fs::temp_directory_path() / "epfleet_text_XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~Files() override { fs::remove_all(folder_); }

  [[nodiscard]] std::ptrdiff_t files() const {
    return std::distance(fs::directory_iterator(folder_), fs::directory_iterator());
  }

  fs::path folder_;
};

TEST_F(Files, AreReadAsTheyWereWritten) {
  const std::string text("a\n\0b", 4);
  write_file(folder_ / "a", text);
  EXPECT_EQ(read_file(folder_ / "a", "key"), text);
  replace_file(folder_ / "a", "new");
  EXPECT_EQ(read_file(folder_ / "a", "key"), "new");
  EXPECT_EQ(files(), 1);
  EXPECT_THROW((void)read_file(folder_ / "b", "key"), base::InputError);
  EXPECT_THROW((void)read_file(folder_, "key"), base::InputError);
  EXPECT_THROW(write_file(folder_ / "no" / "b", ""), base::MachineError);
}

// As root, `trace convert T /dev/null` replaced the device by a file.
TEST_F(Files, ADeviceOrPipeIsWrittenThroughAndALinkKept) {
  replace_file("/dev/null", "gone");
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  write_file(folder_ / "real", "old");
  std::filesystem::create_symlink("real", folder_ / "link");
  replace_file(folder_ / "link", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "link"));
  EXPECT_EQ(read_if_any(folder_ / "real"), "new");
  std::filesystem::create_symlink("link to be", folder_ / "chain");
  std::filesystem::create_symlink("not there yet", folder_ / "link to be");
  replace_file(folder_ / "chain", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "chain"));
  EXPECT_EQ(read_if_any(folder_ / "not there yet"), "new");
  std::filesystem::create_symlink("round", folder_ / "round");
  EXPECT_THROW(replace_file(folder_ / "round", "new"), base::MachineError);
  EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "round"));
}

TEST_F(Files, WhatIsWrittenAsideShowsWhenItIsComplete) {
  write_file(folder_ / "a", "old");
  {
    const Aside given_up(folder_ / "a");
    write_file(given_up.path(), "half");
    EXPECT_EQ(read_file(folder_ / "a", ""), "old");
  }
  EXPECT_EQ(files(), 1);
  Aside kept(folder_ / "a");
  write_file(kept.path(), "new");
  kept.commit();
  EXPECT_EQ(read_file(folder_ / "a", ""), "new");
  EXPECT_EQ(files(), 1);
}

// Files made ready stayed for ever when the process was killed.
TEST_F(Files, WhatAKilledProcessLeftIsRemovedByTheNextThatWritesTheFile) {
  const pid_t gone = ::fork();
  if (gone == 0) {
    ::_exit(0);
  }
  ASSERT_EQ(::waitpid(gone, nullptr, 0), gone);
  const auto of_process = [&](const char* target, pid_t process) {
    const std::string own = sibling(folder_ / target, "partial").string();
    return own.substr(0, own.size() - std::to_string(::getpid()).size()) + std::to_string(process);
  };
  const std::string left = of_process("a", gone) + ".1", left_folder = of_process("a", gone);
  const std::string alive = of_process("a", ::getppid()) + ".1";
  const std::string another = of_process("b", gone) + ".1";
  const std::string users = of_process("a", gone) + ".txt";
  const std::string elsewhere =
      (folder_ / (".a.partial-elsewhere-" + std::to_string(gone) + ".1")).string();
  for (const std::string& file : {left, left_folder, alive, another, users, elsewhere}) {
    write_file(file, "half");
  }
  replace_file(folder_ / "a", "new");
  EXPECT_FALSE(fs::exists(left));
  EXPECT_FALSE(fs::exists(left_folder));
  for (const std::string& file : {alive, another, users, elsewhere}) {
    EXPECT_TRUE(fs::exists(file)) << file;
  }
  EXPECT_EQ(files(), 5);
}

TEST_F(Files, AFullDiskIsTold) {
  if (!fs::exists("/dev/full")) {
    GTEST_SKIP() << "there is no /dev/full";
  }
  EXPECT_THROW(write_file("/dev/full", "text"), base::MachineError);
  OutputFile file("/dev/full", Compression::None);
  file.add("text");
  EXPECT_THROW(file.finish(), base::MachineError);
}

// The reader tells compressed files by their content; all read back the same.
TEST_F(Files, EveryCompressionReadsBack) {
  for (const char* name : {"a.csv", "a.csv.gz", "a.csv.zst", "a.csv.xz"}) {
    const fs::path path = folder_ / name;
    OutputFile file(path, compression_of(path));
    for (int i = 0; i < 300'000; ++i) {
      file.add("a line\n");
    }
    file.finish();
    EXPECT_EQ(fs::file_size(path) < 100'000, path.extension() != ".csv");
    LineReader lines(path.string());
    std::int64_t count = 0;
    while (lines.next() == LineReader::Got::Line) {
      count += lines.line() == "a line" ? 1 : 0;
    }
    EXPECT_EQ(count, 300'000) << name;
    EXPECT_FALSE(lines.cut_last_line());
  }
}

// 9 of 25 flipped bits of a .zst read as other data: the frames had no checksum.
TEST_F(Files, AFlippedBitOfAWrittenFileIsFound) {
  for (const char* name : {"a.csv.zst", "a.csv.xz", "a.csv.gz"}) {
    const fs::path path = folder_ / name;
    OutputFile file(path, compression_of(path));
    for (int i = 0; i < 2000; ++i) {
      file.add("0." + std::to_string(i * 7919 % 100'003) + "," + std::to_string(i * i) + "\n");
    }
    file.finish();
    const std::string whole = read_file(path, "");
    const auto lines_of = [&](const std::string& content) {
      write_file(path, content);
      std::string all;
      LineReader lines(path.string());
      while (lines.next() == LineReader::Got::Line) {
        all += std::string(lines.line()) + "\n";
      }
      return all;
    };
    const std::string right = lines_of(whole);
    for (std::size_t i = 0; i < 100; ++i) {
      std::string flipped = whole;
      flipped[16 + i * (whole.size() - 16) / 100] ^= static_cast<char>(1U << (i % 8));
      try {
        EXPECT_EQ(lines_of(flipped), right) << name << " " << i;
      } catch (const base::InputError&) {  // found
      }
    }
  }
}

// A pipe got a last block full of zeros behind the compressed text.
TEST_F(Files, APipeGetsTheCompressedBytesAndNoMore) {
  const fs::path pipe = folder_ / "pipe.gz";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::string got;
  std::thread reader([&] {
    std::ifstream in(pipe, std::ios::binary);
    got.assign(std::istreambuf_iterator<char>(in), {});
  });
  OutputFile file(pipe, Compression::Gzip);
  file.add("text\n");
  file.finish();
  reader.join();
  EXPECT_LT(got.size(), 100U);
  write_file(folder_ / "b.gz", got + got + std::string(512, '\0'));  // members, and a filled block
  LineReader lines((folder_ / "b.gz").string());
  ASSERT_EQ(lines.next(), LineReader::Got::Line);
  ASSERT_EQ(lines.next(), LineReader::Got::Line);
  EXPECT_EQ(lines.line(), "text");
  EXPECT_EQ(lines.next(), LineReader::Got::End);
  write_file(folder_ / "b.gz", got + "\x1e" + got.substr(1));  // a member whose start is damaged
  LineReader damaged((folder_ / "b.gz").string());
  const auto read_on = [&] {
    while (damaged.next() == LineReader::Got::Line) {
    }
  };
  EXPECT_THROW(read_on(), base::InputError);
}

}  // namespace
}  // namespace epfleet::text
