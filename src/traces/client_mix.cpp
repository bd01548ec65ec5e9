#include "epfleet/traces/client_mix.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>

#include "client_files.h"
#include "epfleet/base/error.h"
#include "epfleet/traces/request_trace.h"

namespace epfleet::traces {
namespace {

namespace fs = std::filesystem;

constexpr double kMostRequests = 1e9;

std::string file_of(const std::string& folder, int number, const char* what) {
  return (fs::path(folder) / fmt::format("chunk-{}-{}", number, what)).string();
}

// Mean 1. Source of the Gamma draw: Marsaglia and Tsang, ACM TOMS 26 (2000).
double gamma_gap(double shape, base::Stream& stream) {
  double boost = 1.0;
  double k = shape;
  if (k < 1.0) {  // a Gamma of one more, times a power
    boost = base::real_exp(base::real_log(stream.uniform()) / k);
    k += 1.0;
  }
  const double d = k - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  while (true) {
    const double x = stream.normal();
    const double root = 1.0 + c * x;
    const double v = root * root * root;
    if (v > 0.0 &&
        base::real_log(stream.uniform()) < 0.5 * x * x + d - d * v + d * base::real_log(v)) {
      return d * v * boost / shape;
    }
  }
}

// Gamma(1 + x) for x > 0, by Lanczos' sum (g = 7, 9 terms).
double gamma_of_one_plus(double x) {
  constexpr double kTerms[] = {0.99999999999980993,  676.5203681218851,     -1259.1392167224028,
                               771.32342877765313,   -176.61502916214059,   12.507343278686905,
                               -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7};
  constexpr double kRootOfTwoPi = 2.5066282746310002;
  double sum = kTerms[0];
  for (int i = 1; i < 9; ++i) {
    sum += kTerms[i] / (x + i);
  }
  const double t = x + 7.5;
  return kRootOfTwoPi * base::real_exp((x + 0.5) * base::real_log(t) - t) * sum;
}

double weibull_gap(double shape, base::Stream& stream) {
  const double power = base::real_pow(stream.exponential(), 1.0 / shape);
  return power / gamma_of_one_plus(1.0 / shape);
}

// Time between two requests where one comes a unit of time.
double gap(const RateWindow& window, base::Stream& stream) {
  switch (window.law) {
    case GapLaw::Gamma:
      return gamma_gap(window.shape, stream);
    case GapLaw::Weibull:
      return weibull_gap(window.shape, stream);
    case GapLaw::Exponential:
      break;
  }
  return stream.exponential();
}

}  // namespace

// Time runs in expected requests: a unit of it is one request at whatever rate holds.
class ClientMix::Client {
 public:
  Client(ClientFiles files, int number, double rate_scale, std::uint64_t seed)
      : files_(std::move(files)),
        number_(static_cast<std::uint64_t>(number)),
        rate_scale_(rate_scale),
        gaps_(base::StreamFamily(seed, "workload.client.gap"), number_),
        lengths_(seed, "workload.client.lengths") {
    window_s_ = files_.rates[1].from_s - files_.rates[0].from_s;
    // A renewal process that begins with a whole gap brings too many requests at first, the more
    // the burstier it is; so it begins long before and what comes before 0 is dropped.
    const auto first =
        std::ranges::find_if(files_.rates, [](const RateWindow& w) { return w.rate > 0.0; });
    if (first == files_.rates.end()) {
      return;  // it never asks, and the shape of its gaps may be anything
    }
    const double shape = std::clamp(first->shape, kLeastBurnInShape, 1.0);
    due_ = -kBurnIn / (shape * shape);
    while (due_ < 0.0) {
      due_ += gap(*first, gaps_);
    }
  }

  [[nodiscard]] const ClientFiles& files() const { return files_; }
  [[nodiscard]] bool has_lengths() const { return !files_.lengths.empty(); }
  [[nodiscard]] double expected() const {
    double sum = 0.0;
    for (const RateWindow& window : files_.rates) {
      sum += window.rate * window_s_;
    }
    return sum * rate_scale_;
  }

  // Finds the time of the next request; false after the last window.
  [[nodiscard]] bool advance() {
    while (window_ < files_.rates.size()) {
      const RateWindow& window = files_.rates[window_];
      const double rate = window.rate * rate_scale_;
      const double end = passed_ + rate * window_s_;
      if (due_ < end) {
        time_s_ = window.from_s + (due_ - passed_) / rate;
        due_ += gap(window, gaps_);
        return true;
      }
      passed_ = end;
      ++window_;
    }
    return false;
  }
  [[nodiscard]] static bool later(const std::unique_ptr<Client>& a,
                                  const std::unique_ptr<Client>& b) {
    return std::pair(a->time_s_, a->number_) > std::pair(b->time_s_, b->number_);
  }

  // REQUIRES: has_lengths()
  void fill(TraceRecord& record) {
    base::Stream stream(lengths_, number_, requests_++);
    const auto after = std::ranges::upper_bound(files_.lengths, time_s_, {}, &LengthWindow::from_s);
    const LengthWindow& lengths =
        after == files_.lengths.begin() ? files_.lengths.front() : *(after - 1);
    const auto tokens = [](double value) {
      return static_cast<std::int64_t>(std::min(value, static_cast<double>(kMostTraceTokens)));
    };
    record.time = base::Duration(static_cast<std::int64_t>(time_s_ * 1e9));
    record.input = tokens(lengths.input.draw(stream));
    record.output = tokens(lengths.output.draw(stream));
    const double share =
        lengths.reasoning_share.empty() ? 0.0 : lengths.reasoning_share.draw(stream);
    record.reasoning = tokens(std::min(share, 1.0) * static_cast<double>(record.output));
    record.variant = workload::Variant::R1;
  }

 private:
  static constexpr double kBurnIn = 20.0;  // gaps' worth, more for the burstier
  static constexpr double kLeastBurnInShape = 0.01;

  ClientFiles files_;
  std::uint64_t number_;
  double rate_scale_;
  double window_s_ = 0.0;
  base::Stream gaps_;
  base::StreamFamily lengths_;
  std::size_t window_ = 0;
  double passed_ = 0.0;  // expected requests before the present window
  double due_ = 0.0;     // the next one, in expected requests
  double time_s_ = 0.0;
  std::uint64_t requests_ = 0;
};

bool ClientMix::is_folder(const std::string& path) {
  std::error_code error;
  return fs::is_directory(path, error) && fs::exists(file_of(path, 0, "trace.csv"), error);
}

ClientMix::ClientMix(const std::string& folder, double rate_scale, std::uint64_t seed) {
  std::error_code none;
  for (int number = 0; fs::exists(file_of(folder, number, "trace.csv"), none); ++number) {
    auto client = std::make_unique<Client>(
        read_client(file_of(folder, number, "trace.csv"), file_of(folder, number, "dataset.json")),
        number, rate_scale, seed);
    const ClientFiles& files = client->files();
    expected_ += client->expected();
    text_only_ += files.input_is_text ? 1 : 0;
    unread_.insert(files.unread.begin(), files.unread.end());
    if (client->advance()) {
      clients_.push_back(std::move(client));
    }
  }
  if (expected_ > kMostRequests) {
    throw base::InputError(
        {.file = folder,
         .what = fmt::format("its rates ask for {:.3g} requests, more than a billion", expected_),
         .remedy = "lower the rates (--rate-scale), or give shorter windows"});
  }
  if (!clients_.empty() &&
      std::ranges::none_of(clients_, [](const auto& one) { return one->has_lengths(); })) {
    throw base::InputError({.file = folder,
                            .what = "no client has lengths (input_tokens, output_tokens)",
                            .remedy = "fetch the files again"});
  }
  std::ranges::make_heap(clients_, Client::later);
}

ClientMix::~ClientMix() = default;

bool ClientMix::next(TraceRecord& record) {
  while (!clients_.empty()) {
    std::ranges::pop_heap(clients_, Client::later);
    const bool is_whole = clients_.back()->has_lengths();
    if (is_whole) {
      clients_.back()->fill(record);
    } else {
      left_out_.resize(1, {"of clients without lengths (input_tokens, output_tokens) left out"});
      ++left_out_.front().count;
    }
    if (clients_.back()->advance()) {
      std::ranges::push_heap(clients_, Client::later);
    } else {
      clients_.pop_back();
    }
    if (is_whole) {
      return true;
    }
  }
  return false;
}

std::vector<std::string> ClientMix::notes() const {
  std::vector<std::string> notes;
  if (text_only_ > 0) {
    notes.push_back(fmt::format(
        "{} clients state text_tokens instead of input_tokens: taken for the whole prompt",
        text_only_));
  }
  if (!unread_.empty()) {
    notes.push_back(
        fmt::format("keys of the clients' lengths that are not known and were not read: {}",
                    fmt::join(unread_, ", ")));
  }
  return notes;
}

}  // namespace epfleet::traces
