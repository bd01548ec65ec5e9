// EPFLEET_VECTOR_CLONES: a function that GCC compiles twice, once for AVX2; the machine chooses
// when the program starts. For loops over arrays without calls, whose results do not depend on the
// order of operations (integers, maxima, element by element): the bytes are the same either way.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__) && !defined(__clang__)
#define EPFLEET_VECTOR_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define EPFLEET_VECTOR_CLONES
#endif
