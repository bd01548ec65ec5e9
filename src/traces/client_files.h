// One client of a mix as its two files describe it; see client_mix.h.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "epfleet/base/random.h"

namespace epfleet::traces {

// A distribution over the values that were measured.
class MeasuredValues {
 public:
  // "{64: 0.25, 77: 0.75}"; false if it is something else. Probabilities are scaled to sum to 1.
  [[nodiscard]] bool parse(std::string_view text);

  [[nodiscard]] bool empty() const { return values_.empty(); }
  [[nodiscard]] double draw(base::Stream& stream) const;  // REQUIRES: !empty()
  [[nodiscard]] double mean() const;

 private:
  std::vector<double> values_;
  std::vector<double> until_;  // cumulative probability
};

enum class GapLaw { Exponential, Gamma, Weibull };

struct RateWindow {
  double from_s = 0.0;
  double rate = 0.0;  // requests/s
  GapLaw law = GapLaw::Exponential;
  double shape = 1.0;
};

struct LengthWindow {
  double from_s = 0.0;
  MeasuredValues input, output, reasoning_share;
};

struct ClientFiles {
  std::vector<RateWindow> rates;      // rising; the last is as long as the one before
  std::vector<LengthWindow> lengths;  // rising, with input and output; empty: nothing measured
  bool input_is_text = false;         // input_tokens were not there; text_tokens were
  std::set<std::string> unread;       // other keys
};

// Throws InputError with file and line.
[[nodiscard]] ClientFiles read_client(const std::string& rates_csv,
                                      const std::string& lengths_json);

}  // namespace epfleet::traces
