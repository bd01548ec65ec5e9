#include "epfleet/metrics/duration_statistics.h"

#include <algorithm>
#include <bit>
#include <boost/histogram/histogram.hpp>
#include <boost/histogram/make_histogram.hpp>
#include <boost/histogram/weight.hpp>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "epfleet/base/error.h"

namespace epfleet::metrics {
namespace {

namespace bh = boost::histogram;

// Exact sums: squares of nanoseconds pass 2^63 after a few requests.
__extension__ typedef __int128 Int128;

// An axis in Boost.Histogram's sense over nanoseconds. Below 2^first_bit the bins are linear;
// above, the octave [2^k, 2^(k+1)) has 2^part_bits equal bins, so a bin is at most 2^-part_bits of
// its value.
class OctaveAxis {
 public:
  OctaveAxis(int first_bit, int last_bit, int part_bits)
      : first_bit_(first_bit), last_bit_(last_bit), part_bits_(part_bits) {}

  [[nodiscard]] bh::axis::index_type size() const {
    return (last_bit_ - first_bit_ + 1) << part_bits_;
  }

  // Clamped: the last bin also holds all that is longer. REQUIRES: ns >= 0.
  [[nodiscard]] bh::axis::index_type index(std::int64_t ns) const {
    const auto bits = static_cast<std::uint64_t>(ns);
    const int octave = std::max(static_cast<int>(std::bit_width(bits)), first_bit_) - first_bit_;
    const int shift = first_bit_ - part_bits_ + std::max(octave - 1, 0);
    const std::uint64_t part = (bits >> shift) & ((std::uint64_t{1} << part_bits_) - 1);
    return std::min((octave << part_bits_) + static_cast<int>(part), size() - 1);
  }

  // The middle of a bin.
  [[nodiscard]] std::int64_t centre(bh::axis::index_type index) const {
    const int octave = index >> part_bits_;
    const int shift = first_bit_ - part_bits_ + std::max(octave - 1, 0);
    const std::int64_t part = index & ((1 << part_bits_) - 1);
    const std::int64_t start = octave == 0 ? 0 : std::int64_t{1} << (first_bit_ + octave - 1);
    return start + (part << shift) + ((std::int64_t{1} << shift) >> 1);
  }

  // Every value has a bin, so Boost.Histogram need not check; it wants this name.
  static constexpr bool inclusive() { return true; }

  friend bool operator==(const OctaveAxis&, const OctaveAxis&) = default;

 private:
  int first_bit_, last_bit_, part_bits_;
};

OctaveAxis axis_of(Resolution resolution) {
  return resolution == Resolution::Fine ? OctaveAxis(10, 47, 8) : OctaveAxis(20, 45, 5);
}

using Histogram = bh::histogram<std::tuple<OctaveAxis>, bh::dense_storage<std::uint64_t>>;

constexpr double kNanosecond = 1e-9;

}  // namespace

struct DurationStatistics::State {
  struct Moments {
    std::int64_t count = 0;
    Int128 sum = 0, squares = 0;
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    std::int64_t largest = 0;

    void add(std::int64_t ns, std::int64_t times) {
      count += times;
      sum += Int128{ns} * times;
      squares += Int128{ns} * ns * times;
      least = std::min(least, ns);
      largest = std::max(largest, ns);
    }

    void merge(const Moments& other) {
      count += other.count;
      sum += other.sum;
      squares += other.squares;
      least = std::min(least, other.least);
      largest = std::max(largest, other.largest);
    }
  };

  struct Bin {
    bh::axis::index_type index;
    std::uint64_t count;
  };

  explicit State(Resolution resolution) : axis(axis_of(resolution)) {}

  // Made when it is first asked for, and again after compact().
  [[nodiscard]] Histogram& bins() {
    if (!dense) {
      dense = bh::make_histogram_with(bh::dense_storage<std::uint64_t>(), axis);
      for (const Bin& bin : kept) {
        dense->at(bin.index) = bin.count;
      }
      kept = std::vector<Bin>();
    }
    return *dense;
  }
  void compact() {
    if (!dense) {
      return;
    }
    std::vector<Bin> found;
    for (bh::axis::index_type index = 0; index < axis.size(); ++index) {
      if (const std::uint64_t count = dense->at(index); count > 0) {
        found.push_back({index, count});
      }
    }
    kept.assign(found.begin(), found.end());  // in as much memory as they need
    dense.reset();
  }

  OctaveAxis axis;
  std::optional<Histogram> dense;  // none: the others are all zero
  std::vector<Bin> kept;
  Moments moments;
};

DurationStatistics::DurationStatistics(Resolution resolution)
    : state_(std::make_unique<State>(resolution)) {}
DurationStatistics::~DurationStatistics() = default;
DurationStatistics::DurationStatistics(DurationStatistics&& other) noexcept = default;
DurationStatistics& DurationStatistics::operator=(DurationStatistics&& other) noexcept = default;

// The sums of a batch stay in registers; a store into the histogram would force them to memory.
void DurationStatistics::flush() {
  const std::span<const std::int64_t> batch(waiting_.data(), waiting_count_);
  if (batch.empty()) {
    return;
  }
  State::Moments moments;
  for (const std::int64_t ns : batch) {
    moments.add(ns, 1);
  }
  EPFLEET_CHECK(moments.least >= 0, "a duration between two events of a request is negative");
  state_->moments.merge(moments);
  Histogram& bins = state_->bins();
  for (const std::int64_t ns : batch) {
    bins(ns);
  }
  waiting_count_ = 0;
}

void DurationStatistics::add(base::Duration duration, std::int64_t times) {
  EPFLEET_CHECK(duration.count() >= 0 && times >= 0, "a negative duration, or a negative count");
  if (times == 0) {
    return;
  }
  state_->moments.add(duration.count(), times);
  state_->bins()(duration.count(), bh::weight(static_cast<std::uint64_t>(times)));
}

void DurationStatistics::compact() {
  flush();
  state_->compact();
}

void DurationStatistics::merge(DurationStatistics& other) {
  flush();
  other.flush();
  EPFLEET_CHECK(state_->axis == other.state_->axis,
                "only statistics of the same resolution can be merged");
  Histogram& bins = state_->bins();
  for (const State::Bin& bin : other.state_->kept) {
    bins.at(bin.index) += bin.count;
  }
  // By bin: Boost's own += warns of uninitialised memory under g++ 12 with sanitizers.
  for (bh::axis::index_type index = 0; other.state_->dense && index < bins.axis().size(); ++index) {
    bins.at(index) += other.state_->dense->at(index);
  }
  state_->moments.merge(other.state_->moments);
}

Measure DurationStatistics::quantile(double p) {
  flush();
  const State::Moments& moments = state_->moments;
  if (moments.count == 0) {
    return std::nullopt;
  }
  // A hair below p n, so that 0.99 of 100 samples is the 99th although 0.99 is not a binary
  // fraction.
  const double wanted = std::ceil(p * static_cast<double>(moments.count) * (1.0 - 1e-12));
  const auto rank = static_cast<std::uint64_t>(std::max(wanted, 1.0));
  const Histogram& bins = state_->bins();
  const OctaveAxis& axis = state_->axis;
  std::uint64_t seen = 0;
  for (bh::axis::index_type index = 0; index < axis.size(); ++index) {
    seen += bins.at(index);
    if (seen >= rank) {
      const std::int64_t ns = std::clamp(axis.centre(index), moments.least, moments.largest);
      return static_cast<double>(ns) * kNanosecond;
    }
  }
  return static_cast<double>(moments.largest) * kNanosecond;
}

Distribution DurationStatistics::distribution() {
  flush();
  const State::Moments& moments = state_->moments;
  Distribution result;
  result.count = moments.count;
  if (moments.count == 0) {
    return result;
  }
  // With the integer mean q and the rest r of sum = q n + r, the sum of (x - q)^2 is
  // squares - n q^2 - 2 q r: exact, where squares / n - mean^2 would cancel.
  const Int128 q = moments.sum / moments.count;
  const Int128 r = moments.sum % moments.count;
  const Int128 around_q = moments.squares - q * q * moments.count - 2 * q * r;
  const auto n = static_cast<double>(moments.count);
  const double rest = static_cast<double>(r) / n;
  const double variance = std::max(static_cast<double>(around_q) / n - rest * rest, 0.0);
  result.mean = static_cast<double>(moments.sum) / n * kNanosecond;
  result.std_dev = std::sqrt(variance) * kNanosecond;
  result.p50 = quantile(0.50);
  result.p90 = quantile(0.90);
  result.p95 = quantile(0.95);
  result.p99 = quantile(0.99);
  result.max = static_cast<double>(moments.largest) * kNanosecond;
  return result;
}

Distribution DurationStatistics::distribution_with_percentiles() {
  Distribution result = distribution();
  for (int percent = 1; percent < 100 && result.count > 0; ++percent) {
    result.percentiles.push_back(quantile(percent / 100.0).value());
  }
  return result;
}

}  // namespace epfleet::metrics
