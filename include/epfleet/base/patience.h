// Whether a thread that has to wait for another one stays awake for a while before it sleeps: as
// long as that has lately been worth it.
#pragma once

#include <cstdint>

namespace epfleet::base {

class Patience {
 public:
  // To be asked once a wait.
  [[nodiscard]] bool stays_awake() const { return in_vain_ < kInVain || in_vain_ % kTrial == 0; }

  // What became of that wait: the other came while this thread was awake, or it had to sleep.
  void met_awake() { in_vain_ = 0; }
  void slept() { ++in_vain_; }

 private:
  // On a busy machine the other may need the very core that this thread keeps by staying awake. So
  // many waits in a row say that it does; then one in kTrial finds out whether it still does. Both
  // are guesses, plausible 2 to 16 and 16 to 256: a machine is seldom busy for so few waits.
  static constexpr std::uint32_t kInVain = 4, kTrial = 64;

  std::uint32_t in_vain_ = 0;  // waits since the last that ended awake
};

}  // namespace epfleet::base
