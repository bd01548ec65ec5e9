// Traffic in plain numbers: single requests at a stated rate, or from a fixed number of clients,
// with lengths by a law. Nothing is solved for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "epfleet/base/id.h"
#include "epfleet/base/names.h"
#include "epfleet/base/time.h"
#include "epfleet/workload/request.h"

namespace epfleet::workload {

enum class LengthShape : std::uint8_t { Auto, Fixed, Lognormal, Uniform };
inline constexpr base::Names<4> kLengthShapeNames = {"auto", "fixed", "lognormal", "uniform"};

// A prompt's or an answer's tokens. The mean is that of what is drawn, limits included.
struct LengthConfig {
  LengthShape law = LengthShape::Auto;
  std::optional<double> mean{};  // tokens; of a uniform law it follows from the limits
  std::optional<double> cv{};    // standard deviation / mean, of the lognormal before its limits
  std::optional<std::int64_t> min{}, max{};  // tokens; what is beyond is drawn as the limit

  [[nodiscard]] bool stated() const { return mean || cv || min || max; }
  // Auto: uniform between two limits without a mean, lognormal with a cv, else fixed.
  [[nodiscard]] LengthShape shape() const {
    return law != LengthShape::Auto       ? law
           : !mean && !cv && (min || max) ? LengthShape::Uniform
           : cv.value_or(0.0) > 0.0       ? LengthShape::Lognormal
                                          : LengthShape::Fixed;
  }
  [[nodiscard]] double usual_mean() const {
    return shape() == LengthShape::Uniform
               ? 0.5 * static_cast<double>(min.value_or(0) + max.value_or(0))
               : mean.value_or(0.0);
  }
};

enum class ArrivalProcess : std::uint8_t { Constant, Poisson, Gamma };

// A stretch of the window in which the rate is even, or goes straight to another.
struct StageConfig {
  base::Duration length{};
  std::optional<double> rate{};  // requests/s; none: where the stage before ended
  std::optional<double> to{};    // at its end; none: as at its start
};

// A class or tenant of one's own. What it does not state is as all plain traffic has it.
struct OwnClassConfig {
  std::string name{};
  std::optional<double> share{};  // of the requests, with a closed loop of the clients
  std::optional<double> rate{};   // requests/s, instead of a share of workload.rate
  LengthConfig input{}, output{};
  std::optional<double> hit_ratio{};
  std::int64_t priority = 0;  // the lower ones are turned away first (cluster/admission.h)
  struct Prices {             // USD per million tokens; none: those of the price book
    std::optional<double> hit{}, miss{}, output{};
    [[nodiscard]] bool any() const { return hit || miss || output; }
  } prices{};
  struct Objectives {  // none: those of slo
    std::optional<base::Duration> ttft{}, tpot{};
    std::optional<double> share{};  // of the class's requests that must keep them; none: all
    [[nodiscard]] bool any() const { return ttft || tpot; }
  } objectives{};
};
inline constexpr std::size_t kMostOwnClasses = 64;

struct PlainConfig {
  std::optional<double> rate;               // requests/s
  std::vector<StageConfig> stages;          // instead of the rate; the last one's end goes on
  std::optional<std::int64_t> concurrency;  // clients, instead of a rate: each waits for its answer
  base::Duration think = std::chrono::milliseconds(10);  // of a client, from an answer on
  std::optional<std::int64_t> requests;  // of the window, which ends with the last of them
  ArrivalProcess process = ArrivalProcess::Poisson;
  double cv = 1.0;  // of the gaps, gamma only
  LengthConfig input, output;
  std::optional<double> hit_ratio;  // stated for every prompt; none: the cache decides
  Variant variant = Variant::V3;
  std::vector<OwnClassConfig> classes;  // none: one, without a name

  [[nodiscard]] bool says_load() const {
    return total_rate() || !stages.empty() || concurrency.has_value();
  }
  // Stated, or the sum of the classes' own.
  [[nodiscard]] std::optional<double> total_rate() const;
  // Of every class, summing to 1. REQUIRES: classes.
  [[nodiscard]] std::vector<double> shares() const;
  // With what a class leaves to all plain traffic; of no class: that traffic itself.
  [[nodiscard]] OwnClassConfig whole_class(std::size_t index) const;
  // Whether any class says what of its prompts hits.
  [[nodiscard]] bool states_hits() const;
  // The stages' own length.
  [[nodiscard]] base::Duration staged() const {
    base::Duration sum{};
    for (const StageConfig& stage : stages) {
      sum += stage.length;
    }
    return sum;
  }
};

// A request of plain traffic tells its class in the lowest bits of its session's id.
inline constexpr std::uint64_t kOwnClassBits = 6;
[[nodiscard]] constexpr std::size_t own_class_of(base::SessionId session) {
  return static_cast<std::size_t>(session.value() & (kMostOwnClasses - 1));
}

}  // namespace epfleet::workload
