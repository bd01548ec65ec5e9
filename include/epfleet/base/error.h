// Three kinds of trouble, by whose fault it is. Each is thrown where it is found and caught once,
// in main:
//   InputError       the user's input is wrong (exit 2); has every problem found, with its place
//   InvariantBroken  a bug of ours (exit 70); EPFLEET_CHECK is on in release builds too
//   MachineError     the machine failed: disk full, file vanished (exit 74)
// Expected refusals (no KV room, queue full) are return values, not exceptions.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace epfleet::base {

// One thing wrong with the input: where, what, and the remedy.
struct Problem {
  std::string file{};    // empty: not in a file (a --set option, the command line)
  int line = 0;          // 1-based; 0: unknown
  int column = 0;        // 1-based; 0: unknown
  std::string key{};     // dotted path, may be empty
  std::string what{};    // "unknown key"
  std::string remedy{};  // "did you mean 'decode.gpus'?"; may be empty

  // "file:line:column: key: what; remedy"
  [[nodiscard]] std::string text() const;
};

class InputError : public std::runtime_error {
 public:
  explicit InputError(std::vector<Problem> problems);
  explicit InputError(Problem problem);
  [[nodiscard]] const std::vector<Problem>& problems() const { return problems_; }

 private:
  std::vector<Problem> problems_;
};

class InvariantBroken : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

class MachineError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

[[noreturn]] void break_invariant(const char* condition, const char* file, int line,
                                  const std::string& message);

}  // namespace epfleet::base

// EPFLEET_CHECK(condition, message): throws InvariantBroken when the condition does not hold.
#define EPFLEET_CHECK(condition, message)                                        \
  do {                                                                           \
    if (!(condition)) [[unlikely]] {                                             \
      ::epfleet::base::break_invariant(#condition, __FILE__, __LINE__, message); \
    }                                                                            \
  } while (false)
