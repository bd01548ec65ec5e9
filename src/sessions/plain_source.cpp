#include "epfleet/sessions/plain_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/base/random.h"
#include "epfleet/sessions/length_law.h"
#include "epfleet/sessions/plain_arrivals.h"
#include "epfleet/sessions/wake_calendar.h"
#include "epfleet/workload/session_slots.h"

namespace epfleet::sessions {
namespace {

using workload::Request;

// What each class asks for.
class Mix {
 public:
  Mix(const workload::PlainConfig& config, std::int64_t context_limit)
      : limit_(context_limit), variant_(config.variant) {
    const std::size_t classes = std::max<std::size_t>(config.classes.size(), 1);
    const std::vector<double> shares =
        config.classes.empty() ? std::vector<double>{1.0} : config.shares();
    double until = 0.0;
    for (std::size_t i = 0; i < classes; ++i) {
      const workload::OwnClassConfig whole = config.whole_class(i);
      laws_.push_back({LengthLaw(whole.input), LengthLaw(whole.output), whole.hit_ratio});
      until += shares[i];
      share_until_.push_back(until);
    }
  }

  [[nodiscard]] std::size_t class_at(double u) const {
    const auto found =
        std::upper_bound(share_until_.begin(), share_until_.end() - 1, u * share_until_.back());
    return static_cast<std::size_t>(found - share_until_.begin());
  }

  // In this order, so that no class's law moves another draw.
  void describe(Request& request, std::size_t of, base::Stream& draws) {
    const Laws& laws = laws_[of];
    std::int64_t input = laws.input.draw(draws.uniform());
    const std::int64_t output = std::min(laws.output.draw(draws.uniform()), limit_ - 1);
    if (input + output > limit_) {
      input = limit_ - output;
      ++shortened_;
    }
    request.prompt_tokens = static_cast<std::int32_t>(input);
    request.output_tokens = static_cast<std::int32_t>(output);
    if (laws.hit_ratio) {
      const auto hit =
          static_cast<std::int64_t>(*laws.hit_ratio * static_cast<double>(input) + draws.uniform());
      request.stated_cached_tokens = static_cast<std::int32_t>(std::min(hit, input - 1));
    }
    request.variant = variant_;
    request.channel = workload::Channel::Api;
  }

  [[nodiscard]] PlainMeans means() const {
    PlainMeans sum;
    for (std::size_t i = 0; i < laws_.size(); ++i) {
      const double share =
          (share_until_[i] - (i > 0 ? share_until_[i - 1] : 0.0)) / share_until_.back();
      const double input = laws_[i].input.mean();
      sum.input += share * input;
      sum.cached += share * input * laws_[i].hit_ratio.value_or(0.0);
      sum.output += share * laws_[i].output.mean();
    }
    return sum;
  }

  [[nodiscard]] std::int64_t shortened() const { return shortened_; }

 private:
  struct Laws {
    LengthLaw input, output;
    std::optional<double> hit_ratio;
  };

  std::int64_t limit_;
  workload::Variant variant_;
  std::vector<Laws> laws_;
  std::vector<double> share_until_;
  std::int64_t shortened_ = 0;
};

// What an open and a closed loop have in common.
class Requests : public PlainSource {
 public:
  explicit Requests(const PlainSourceSpec& spec)
      : config_(spec.config.plain), mix_(config_, spec.config.context_limit) {}

  std::optional<base::TimePoint> last_arrival() const override { return last_; }

  std::vector<std::string> notes() const override {
    constexpr double kSmall = 0.001;
    if (static_cast<double>(mix_.shortened()) <= kSmall * static_cast<double>(next_id_)) {
      return {};
    }
    return {fmt::format(
        "{} prompts were cut so that they fit into workload.context_limit with their answers: "
        "their mean is below workload.input.mean",
        mix_.shortened())};
  }

 protected:
  [[nodiscard]] bool exhausted() const { return last_.has_value(); }

  // The window's own ones are counted.
  Request make(base::TimePoint arrival, std::uint32_t slot, std::size_t of, base::Stream& draws) {
    Request request;
    request.id = base::RequestId(next_id_);
    request.session =
        base::SessionId((next_id_ << workload::kOwnClassBits) | static_cast<std::uint64_t>(of));
    ++next_id_;
    request.arrival = arrival;
    request.prefix.session_slot = slot;
    mix_.describe(request, of, draws);
    if (arrival >= base::kWindowStart && ++counted_ == config_.requests) {
      last_ = arrival;
    }
    return request;
  }

  const workload::PlainConfig config_;
  Mix mix_;
  workload::SessionSlots slots_;

 private:
  std::uint64_t next_id_ = 0;
  std::int64_t counted_ = 0;
  std::optional<base::TimePoint> last_;
};

class OpenLoop final : public Requests {
 public:
  explicit OpenLoop(const PlainSourceSpec& spec)
      : Requests(spec),
        warm_draws_(spec.seed, "workload.plain.warm.request"),
        draws_(spec.seed, "workload.plain.request"),
        arrivals_(config_, workload::arrivals_scale(spec.config), spec.seed,
                  spec.config.warm_up.value()) {}

  std::optional<base::TimePoint> next_arrival() override {
    return exhausted() ? std::nullopt : arrivals_.front();
  }

  Request take() override {
    EPFLEET_CHECK(next_arrival().has_value(), "a source with requests left");
    const base::TimePoint arrival = *arrivals_.front();
    arrivals_.pop();
    const std::uint32_t slot = slots_.take();
    slots_.enter_service(slot);
    const bool warm = arrival < base::kWindowStart;
    base::Stream draws(warm ? warm_draws_ : draws_, warm ? warm_index_++ : index_++);
    const std::size_t of = mix_.class_at(draws.uniform());
    return make(arrival, slot, of, draws);
  }

  void complete(const Request& request, base::TimePoint done) override {
    EPFLEET_CHECK(done >= request.arrival, "a request completes at or after its arrival");
    slots_.leave_service(request.prefix.session_slot);
    slots_.give_back(request.prefix.session_slot);
  }

  void check_sums(base::SumCheck& check, std::int64_t in_service) const override {
    slots_.check_sums(check, in_service, 0);
  }

 private:
  base::StreamFamily warm_draws_, draws_;
  PlainArrivals arrivals_;
  std::uint64_t warm_index_ = 0, index_ = 0;
};

class ClosedLoop final : public Requests {
 public:
  explicit ClosedLoop(const PlainSourceSpec& spec)
      : Requests(spec), draws_(spec.seed, "workload.plain.client") {
    const double scale = workload::arrivals_scale(spec.config);
    const auto clients = std::max<std::int64_t>(
        1, static_cast<std::int64_t>(scale * static_cast<double>(*config_.concurrency) + 0.5));
    constexpr base::Duration kLongestSpread = std::chrono::minutes(1);
    const base::Duration warm_up = spec.config.warm_up.value();
    const base::Duration spread = std::min(warm_up / 2, kLongestSpread);
    sent_.resize(static_cast<std::size_t>(clients));
    for (std::int64_t i = 0; i < clients; ++i) {
      calendar_.push(base::kWindowStart - warm_up + base::Duration(spread.count() / clients * i),
                     slots_.take());
    }
  }

  std::optional<base::TimePoint> next_arrival() override {
    return exhausted() || calendar_.empty() ? std::nullopt : std::optional(calendar_.next_time());
  }

  Request take() override {
    EPFLEET_CHECK(next_arrival().has_value(), "a source with requests left");
    const WakeCalendar::Entry client = calendar_.pop();
    slots_.enter_service(client.slot);
    base::Stream draws(draws_, client.slot, sent_[client.slot]++);
    // A class has its share of the clients, evenly among them: the golden ratio's multiples.
    constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15ULL;
    const double at = static_cast<double>((client.slot * kGolden) >> 11U) * 0x1p-53;
    return make(client.time, client.slot, mix_.class_at(at), draws);
  }

  void complete(const Request& request, base::TimePoint done) override {
    EPFLEET_CHECK(done >= request.arrival, "a request completes at or after its arrival");
    slots_.leave_service(request.prefix.session_slot);
    calendar_.push(done + config_.think, request.prefix.session_slot);
  }

  base::Duration shortest_return() const override { return config_.think; }

  void check_sums(base::SumCheck& check, std::int64_t in_service) const override {
    calendar_.check_sums(check);
    slots_.check_sums(check, in_service, calendar_.size());
  }

 private:
  base::StreamFamily draws_;
  WakeCalendar calendar_;
  std::vector<std::uint32_t> sent_;  // [client]: requests so far
};

}  // namespace

std::unique_ptr<PlainSource> make_plain_source(const PlainSourceSpec& spec) {
  if (spec.config.plain.concurrency) {
    return std::make_unique<ClosedLoop>(spec);
  }
  return std::make_unique<OpenLoop>(spec);
}

PlainMeans means_of(const workload::PlainConfig& config) {
  return Mix(config, std::int64_t{1} << 30U).means();
}

}  // namespace epfleet::sessions
