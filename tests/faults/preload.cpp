// Faults at will, preloaded into the program by scenario/faults_*_test.py:
//   FAULT_ALLOCATION=N  the Nth allocation fails, of the threads that FAULT_THREAD names (main,
//                       other; else any); FAULT_FOREVER: and all that follow
//   FAULT_COUNT=FILE    how many allocations there were, "MAIN OTHER"
//   FAULT_CLOCK=S       every look at the calendar's clock is S seconds after the one before
//   FAULT_LOCALE=1      the C library's locale is that of the environment, decimal comma and all
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

namespace {

std::atomic<long> fail_at{0}, main_count{0}, other_count{0};
std::atomic<bool> forever{false};
std::atomic<int> which{0};  // 0: any, 1: main, 2: other
thread_local const bool kIsMain = ::syscall(SYS_gettid) == ::getpid();

bool fails() {
  const bool is_main = kIsMain;
  const long own = ++(is_main ? main_count : other_count);
  const long at = fail_at.load();
  if (at == 0 || (which == 1 && !is_main) || (which == 2 && is_main)) {
    return false;
  }
  const long count = which == 0 ? main_count + other_count : own;
  if (count == at || (forever && count > at)) {
    errno = ENOMEM;
    return true;
  }
  return false;
}

std::atomic<long> clock_looks{0};
long clock_step = 0;

__attribute__((constructor)) void begin() {
  if (const char* step = std::getenv("FAULT_CLOCK")) {
    clock_step = std::atol(step);
  }
  if (std::getenv("FAULT_LOCALE") != nullptr) {
    const char* got = std::setlocale(LC_ALL, "");
    if (got == nullptr || *std::localeconv()->decimal_point != ',') {
      std::fprintf(stderr, "preload: no locale with a decimal comma\n");
      std::_Exit(99);
    }
  }
  const char* thread = std::getenv("FAULT_THREAD");
  which = thread == nullptr ? 0 : std::strcmp(thread, "main") == 0 ? 1 : 2;
  forever = std::getenv("FAULT_FOREVER") != nullptr;
  if (const char* at = std::getenv("FAULT_ALLOCATION")) {
    fail_at = std::atol(at);
  }
  main_count = other_count = 0;
}

__attribute__((destructor)) void end() {
  fail_at = 0;
  if (const char* path = std::getenv("FAULT_COUNT")) {
    if (std::FILE* file = std::fopen(path, "w")) {
      std::fprintf(file, "%ld %ld\n", main_count.load(), other_count.load());
      std::fclose(file);
    }
  }
}

}  // namespace

extern "C" {

void* malloc(std::size_t size) { return fails() ? nullptr : __libc_malloc(size); }
void* calloc(std::size_t count, std::size_t size) {
  return fails() ? nullptr : __libc_calloc(count, size);
}
void* realloc(void* old, std::size_t size) { return fails() ? nullptr : __libc_realloc(old, size); }
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return fails() ? nullptr : __libc_memalign(alignment, size);
}
void* memalign(std::size_t alignment, std::size_t size) {
  return fails() ? nullptr : __libc_memalign(alignment, size);
}
int posix_memalign(void** to, std::size_t alignment, std::size_t size) {
  *to = fails() ? nullptr : __libc_memalign(alignment, size);
  return *to == nullptr ? ENOMEM : 0;
}

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const auto result = static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
  if (clock == CLOCK_REALTIME && clock_step != 0) {
    time->tv_sec += ++clock_looks * clock_step;
  }
  return result;
}
int gettimeofday(timeval* __restrict time, void* __restrict /*zone*/) noexcept {
  timespec now{};
  const int result = clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return result;
}
std::time_t time(std::time_t* to) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (to != nullptr) {
    *to = now.tv_sec;
  }
  return now.tv_sec;
}

}  // extern "C"
