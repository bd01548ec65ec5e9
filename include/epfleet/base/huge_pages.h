// Vectors of tens of megabytes that are read at random: in 4 KiB pages nearly every access misses
// the processor's table of pages (TLB) as well as its cache. Large blocks are aligned to 2 MiB and
// the kernel is asked for huge pages; where it has none, nothing changes but the speed.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <memory_resource>
#include <new>
#include <vector>

namespace epfleet::base {

template <class T>
class HugePageAllocator {
 public:
  using value_type = T;

  HugePageAllocator() = default;
  template <class U>
  HugePageAllocator(const HugePageAllocator<U>& /*other*/) {}  // NOLINT: allocators convert

  [[nodiscard]] T* allocate(std::size_t count) {
    const std::size_t bytes = count * sizeof(T);
    if (bytes < kWorthwhile) {
      return static_cast<T*>(::operator new(bytes, kSmallAlignment));
    }
    void* block = ::operator new(bytes, kHugePage);
    (void)madvise(block, bytes, MADV_HUGEPAGE);  // a wish: failing is fine
    return static_cast<T*>(block);
  }
  void deallocate(T* block, std::size_t count) {
    const std::size_t bytes = count * sizeof(T);
    ::operator delete(block, bytes < kWorthwhile ? kSmallAlignment : kHugePage);
  }
  friend bool operator==(HugePageAllocator, HugePageAllocator) { return true; }

 private:
  static constexpr std::align_val_t kHugePage{std::size_t{2} << 20U};
  static constexpr std::align_val_t kSmallAlignment{alignof(T)};
  static constexpr std::size_t kWorthwhile = std::size_t{4} << 20U;  // bytes
};

// Memory of many lists that grow and shrink, together in large blocks: what one gives back, another
// gets. It keeps what lists up to kShared once had; longer ones have memory of their own, which
// goes with them.
class HugePagePool {
 public:
  [[nodiscard]] std::pmr::memory_resource* lists() { return &lists_; }

 private:
  static constexpr std::size_t kShared = std::size_t{1} << 20U;      // bytes
  static constexpr std::size_t kFirstBlock = std::size_t{4} << 20U;  // bytes: more than kShared

  // Small pieces are cut from large ones, which are never given back one by one.
  class Blocks final : public std::pmr::memory_resource {
    using Unit = std::max_align_t;
    static std::size_t units(std::size_t bytes) {
      return (bytes + sizeof(Unit) - 1) / sizeof(Unit);
    }
    void* do_allocate(std::size_t bytes, std::size_t alignment) override {
      return bytes > kShared ? HugePageAllocator<Unit>().allocate(units(bytes))
                             : cut_.allocate(bytes, alignment);
    }
    void do_deallocate(void* block, std::size_t bytes, std::size_t /*alignment*/) override {
      if (bytes > kShared) {
        HugePageAllocator<Unit>().deallocate(static_cast<Unit*>(block), units(bytes));
      }
    }
    [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
      return this == &other;
    }
    std::pmr::monotonic_buffer_resource cut_{kFirstBlock, this};
  };

  Blocks blocks_;
  std::pmr::unsynchronized_pool_resource lists_{
      {.max_blocks_per_chunk = 0, .largest_required_pool_block = kShared}, &blocks_};
};

template <class T>
using HugeVector = std::vector<T, HugePageAllocator<T>>;

}  // namespace epfleet::base
