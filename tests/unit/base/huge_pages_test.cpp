#include "epfleet/base/huge_pages.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdint>
#include <memory_resource>
#include <vector>

namespace epfleet::base {
namespace {

TEST(HugePagePool, AListGetsWhatAnotherGaveBack) {
  HugePagePool pool;
  const void* first = nullptr;
  for (int list = 0; list < 1000; ++list) {
    std::pmr::vector<std::uint64_t> numbers(10'000, 7, pool.lists());
    EXPECT_EQ(numbers.back(), 7U);
    first = list == 0 ? numbers.data() : first;
    EXPECT_EQ(numbers.data(), first);
  }
}

// A list longer than those that share memory left all of its own behind.
TEST(HugePagePool, ALongListTakesItsMemoryWithIt) {
  HugePagePool pool;
  const auto in_use = [] {
    const struct mallinfo2 info = mallinfo2();  // of a sanitizer: zeros
    return info.uordblks + info.hblkhd;
  };
  const std::size_t before = in_use();
  constexpr std::size_t kBytes = std::size_t{8} << 20U;
  for (int list = 0; list < 20; ++list) {
    const std::pmr::vector<char> bytes(kBytes, 'x', pool.lists());
    EXPECT_EQ(bytes.back(), 'x');
  }
  EXPECT_LE(in_use(), before + 2 * kBytes);
}

TEST(HugePagePool, ListsOfAllLengthsKeepWhatTheyHold) {
  HugePagePool pool;
  std::vector<std::pmr::vector<std::uint32_t>> lists;
  for (std::uint32_t list = 0; list < 40; ++list) {
    lists.emplace_back(pool.lists());
  }
  constexpr std::uint32_t kLongest = 400'000;  // longer than what the pool shares among lists
  for (std::uint32_t n = 0; n < kLongest; ++n) {
    lists[n % 4 == 0 ? 0 : n % 40].push_back(n);
  }
  for (std::uint32_t list = 0; list < 40; ++list) {
    std::uint32_t last = 0;
    for (const std::uint32_t n : lists[list]) {
      EXPECT_TRUE(list == 0 ? n % 4 == 0 || n % 40 == 0 : n % 40 == list);
      EXPECT_TRUE(n == 0 || n > last);
      last = n;
    }
  }
}

TEST(HugeVector, GrowsFromSmallToLargeAndKeepsWhatItHolds) {
  HugeVector<std::uint64_t> numbers;
  constexpr std::uint64_t kCount = 2'000'000;  // 16 MB
  for (std::uint64_t n = 0; n < kCount; ++n) {
    numbers.push_back(n * n);
  }
  for (std::uint64_t n = 0; n < kCount; n += 1'001) {
    EXPECT_EQ(numbers[n], n * n);
  }
}

}  // namespace
}  // namespace epfleet::base
