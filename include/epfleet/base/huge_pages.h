// Vectors of tens of megabytes that are read at random: in 4 KiB pages nearly every access misses
// the processor's table of pages (TLB) as well as its cache. Large blocks are aligned to 2 MiB and
// the kernel is asked for huge pages; where it has none, nothing changes but the speed.
#pragma once

#include <sys/mman.h>

#include <cstddef>
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

template <class T>
using HugeVector = std::vector<T, HugePageAllocator<T>>;

}  // namespace epfleet::base
