// Buffers of lines are large and come and go with every input: the allocator keeps them.
#include <malloc.h>

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv);
extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  constexpr int kKeep = 1 << 28;
  mallopt(M_MMAP_THRESHOLD, kKeep);
  mallopt(M_TRIM_THRESHOLD, kKeep);
  return 0;
}
