// What every fuzz target shares. A target reads bytes as the program reads a user's file:
//
//   EPFLEET_FUZZ(experts) { refuses(bytes, [&] { read_expert_loads(as_file(bytes)); }); }
//
// Built by clang with EPFLEET_FUZZ it is a libFuzzer program of its own (tools/fuzz.sh); else all
// are in one binary that replays the corpus and mutations of it (replay_test.cpp).
// A finding is whatever ends the process: a sanitizer, an exception that is no InputError, must().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "epfleet/base/error.h"

namespace epfleet::fuzz {

using Target = void(std::string_view bytes);

// Throws std::logic_error unless it holds.
void must(bool holds, std::string_view what);

// The path of a file with these bytes, until the next call. Under libFuzzer the readers of lines
// find it in memory.
[[nodiscard]] std::string as_file(std::string_view bytes);

// A file that is really there (in memory, too), for what opens files itself.
[[nodiscard]] std::string as_disk_file(std::string_view bytes, const std::string& name = "input");
// Its folder.
[[nodiscard]] const std::string& disk_folder();

// Every problem says what is wrong, and names a place that the file has. No bytes at all (a null
// pointer): its lines are not known.
void check_problems(const base::InputError& error, std::string_view bytes);

// Whether the reader refuses the bytes.
template <class Read>
bool refuses(std::string_view bytes, const Read& read) {
  try {
    read();
    return false;
  } catch (const base::InputError& error) {
    check_problems(error, bytes);
    return true;
  }
}

// Takes the first line off; empty unless it begins with '#', as comments do.
[[nodiscard]] std::string_view take_comment(std::string_view& bytes);

#ifdef EPFLEET_FUZZ_PROGRAM
#define EPFLEET_FUZZ(NAME)                                                            \
  static void NAME##_target(std::string_view bytes);                                  \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);  \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
    NAME##_target({reinterpret_cast<const char*>(data), size});                       \
    return 0;                                                                         \
  }                                                                                   \
  static void NAME##_target(std::string_view bytes)
#else
[[nodiscard]] int add_target(const char* name, Target* target);
#define EPFLEET_FUZZ(NAME)                                                         \
  static void NAME##_target(std::string_view bytes);                               \
  static const int NAME##_added = epfleet::fuzz::add_target(#NAME, NAME##_target); \
  static void NAME##_target(std::string_view bytes)
#endif

}  // namespace epfleet::fuzz
