#include "epfleet/sessions/token_rate_source.h"

#include <fmt/format.h>

#include <algorithm>

#include "epfleet/base/error.h"
#include "epfleet/base/random.h"
#include "epfleet/sessions/session_law.h"
#include "epfleet/sessions/token_rate_trace.h"
#include "epfleet/workload/session_slots.h"

namespace epfleet::sessions {
namespace {

RequestLimits limits_of(const workload::WorkloadConfig& config) {
  return {.context = config.context_limit, .output = config.output_limit_r1};
}

TokenRateBin first_part(const TokenRateBin& bin, base::Duration width,
                        const RequestLimits& limits) {
  const double part = base::to_seconds(width) / base::to_seconds(bin.width);
  TokenRateBin cut = scaled({bin}, part, limits).front();
  cut.width = width;
  return cut;
}

void check_repeats(const TokenRateBin& bin, base::Duration over, const char* key) {
  constexpr std::int64_t kMost = 10'000'000;
  if (over / bin.width > kMost) {
    throw base::InputError(
        {.key = key,
         .what = fmt::format("repeats a bin of the trace more than {} times", kMost),
         .remedy = "shorten it"});
  }
}

// The first bin, repeated backwards over the warm-up; the earliest copy is cut to what is left of
// it.
std::vector<TokenRateBin> warm_up_bins(const TokenRateBin& first, base::Duration warm_up,
                                       const RequestLimits& limits) {
  check_repeats(first, warm_up, "workload.warm_up");
  std::vector<TokenRateBin> bins;
  base::TimePoint until = base::kWindowStart;
  const base::TimePoint start = base::kWindowStart - warm_up;
  while (until > start) {
    const base::Duration width = std::min(first.width, until - start);
    TokenRateBin bin = width < first.width ? first_part(first, width, limits) : first;
    bin.from = until - width;
    bins.push_back(bin);
    until = bin.from;
  }
  std::reverse(bins.begin(), bins.end());
  return bins;
}

constexpr std::int64_t kBlock = 64;  // tokens; the weights of hits are hits of whole blocks

// Sum of P(N >= k), as far as it counts.
double mean_turns(const TurnCountLaw& turns) {
  constexpr std::uint32_t kLongest = 200;
  double mean = 0.0;
  for (std::uint32_t k = 1; k <= kLongest; ++k) {
    mean += turns.at_least(k);
  }
  return mean;
}

class TokenRateSource final : public workload::Source {
 public:
  explicit TokenRateSource(const TokenRateSourceSpec& spec)
      : config_(spec.config),
        law_(config_, spec.seed),
        class_family_(spec.seed, "workload.trace.class"),
        arrival_family_(spec.seed, "workload.trace.arrival"),
        bins_(scaled(read_token_rate_trace(config_, spec.duration, &unread_),
                     workload::arrivals_scale(config_), limits_of(config_))),
        end_(base::kWindowStart + spec.duration) {
    const std::vector<TokenRateBin> before =
        warm_up_bins(bins_.front(), config_.warm_up.value(), limits_of(config_));
    warm_bins_ = before.size();
    trace_bins_ = bins_.size();
    repeat_last(spec.cool_down);
    bins_.insert(bins_.begin(), before.begin(), before.end());
    double sum = 0.0;
    for (std::size_t i = 0; i < config_.classes.size(); ++i) {
      sum += config_.classes[i].request_share /
             mean_turns(law_.turn_counts(static_cast<workload::SessionClass>(i)));
      share_until_.push_back(sum);
    }
  }

  std::optional<base::TimePoint> next_arrival() override {
    while (at_ == planned_.size()) {
      if (next_bin_ == bins_.size()) {
        return std::nullopt;
      }
      plan_bin();
    }
    return planned_[at_].arrival;
  }

  workload::Request take() override {
    EPFLEET_CHECK(next_arrival().has_value(), "a source with requests left");
    workload::Request request = planned_[at_++];
    request.id = base::RequestId(next_id_++);
    request.prefix.session_slot = slots_.take();
    slots_.enter_service(request.prefix.session_slot);
    if (request.variant == workload::Variant::V3 &&
        request.output_tokens > config_.output_limit_v3) {
      ++long_answers_;
    }
    return request;
  }

  void complete(const workload::Request& request, base::TimePoint done) override {
    const std::uint32_t slot = request.prefix.session_slot;
    EPFLEET_CHECK(done >= request.arrival, "a request completes at or after its arrival");
    slots_.leave_service(slot);
    slots_.give_back(slot);
  }

  void check_sums(base::SumCheck& check, std::int64_t in_service) const override {
    slots_.check_sums(check, in_service, 0);
  }

  std::optional<workload::RowAccount> rows(base::TimePoint end) const override {
    workload::RowAccount rows;
    for (std::size_t i = warm_bins_; i < warm_bins_ + trace_bins_; ++i) {
      ++(bins_[i].from < std::min(end, end_) ? rows.played : rows.after_window);
    }
    rows.read = rows.played + rows.after_window;
    return rows;
  }

  std::vector<std::string> notes() const override {
    std::vector<std::string> notes;
    if (long_answers_ > 0) {
      notes.push_back(
          fmt::format("{} answers of V3 are longer than workload.output_limit_v3 ({} tokens): the "
                      "trace states totals, and their share of them is that long",
                      long_answers_, config_.output_limit_v3));
    }
    if (!unread_.empty()) {
      notes.push_back(fmt::format("columns of the trace that are not known and were not read: {}",
                                  fmt::join(unread_, ", ")));
    }
    const TokenRateBin& last = bins_[warm_bins_ + trace_bins_ - 1];
    workload::note_early_end(last.from + last.width, end_, notes);
    return notes;
  }

 private:
  // The load goes on after the window, but not in it where the trace is over.
  void repeat_last(base::Duration cool_down) {
    const TokenRateBin last = bins_.back();
    base::TimePoint from = last.from + last.width;
    if (from < end_) {
      return;
    }
    check_repeats(last, cool_down, "report.cool_down");
    for (const base::TimePoint end = from + cool_down; from < end;) {
      const base::Duration width = std::min(last.width, end - from);
      TokenRateBin bin = width < last.width ? first_part(last, width, limits_of(config_)) : last;
      bin.from = from;
      bins_.push_back(bin);
      from += width;
    }
  }

  void plan_bin() {
    const bool warm = next_bin_ < warm_bins_;
    const TokenRateBin& bin = bins_[next_bin_];
    const auto n = static_cast<std::size_t>(bin.requests);
    planned_.assign(n, {});
    at_ = 0;
    place_arrivals(bin, base::Stream(arrival_family_, next_bin_));
    std::vector<std::int64_t> prompts;
    std::vector<std::int64_t> outputs;
    std::vector<std::int64_t> hits;  // as weights: at least 1
    for (std::vector<std::int64_t>* weights : {&prompts, &outputs, &hits}) {
      weights->reserve(n);
    }
    for (workload::Request& request : planned_) {
      const SessionTurn& turn = next_turn(warm);
      request.session = turn.session;
      request.variant = turn.variant;
      request.channel = turn.channel;
      prompts.push_back(turn.prompt);
      outputs.push_back(turn.output);
      hits.push_back(1 + ideal_hit_tokens(turn, kBlock));
    }
    std::vector<std::int64_t> most(n, config_.output_limit_r1);
    const auto output = proportional_parts(bin.output, 1, outputs, most);
    for (std::size_t i = 0; i < n; ++i) {  // prompt and answer share the context
      most[i] = config_.context_limit - output[i];
    }
    const auto input = proportional_parts(bin.input, 1, prompts, most);
    for (std::size_t i = 0; i < n; ++i) {  // at least the last token of every prompt is computed
      most[i] = input[i] - 1;
    }
    const std::int64_t hit_total = std::min(bin.cached, bin.input - bin.requests);
    const auto cached = proportional_parts(hit_total, 0, hits, most);
    for (std::size_t i = 0; i < n; ++i) {
      workload::Request& request = planned_[i];
      request.prompt_tokens = static_cast<std::int32_t>(input[i]);
      request.output_tokens = static_cast<std::int32_t>(output[i]);
      request.stated_cached_tokens = static_cast<std::int32_t>(cached[i]);
      request.reasoning_tokens = law_.reasoning_tokens({.session = request.session,
                                                        .output = request.output_tokens,
                                                        .variant = request.variant});
    }
    ++next_bin_;
    if (next_bin_ == warm_bins_) {
      next_ordinal_ = 0;
      current_.reset();
    }
  }

  // n sorted uniform times: partial sums of n + 1 exponentials over their total.
  void place_arrivals(const TokenRateBin& bin, base::Stream stream) {
    std::vector<double> sums;
    sums.reserve(planned_.size() + 1);
    double sum = 0.0;
    for (std::size_t i = 0; i <= planned_.size(); ++i) {
      sum += stream.exponential();
      sums.push_back(sum);
    }
    const auto width = static_cast<double>(bin.width.count());
    for (std::size_t i = 0; i < planned_.size(); ++i) {
      const auto offset = static_cast<std::int64_t>(width * (sums[i] / sum));
      planned_[i].arrival = bin.from + base::Duration(std::min(offset, bin.width.count() - 1));
    }
  }

  // The turns of one session after the other, as far as their lengths go: so prompts, hits and
  // answers belong together as they do in sessions, where long prompts are mostly hits.
  const SessionTurn& next_turn(bool warm) {
    const TurnLengths following = current_ ? law_.following(*current_) : TurnLengths{};
    current_ = following.output > 0 ? SessionLaw::advance(*current_, following) : first_turn(warm);
    return *current_;
  }

  SessionTurn first_turn(bool warm) {
    const std::uint64_t ordinal = next_ordinal_++;
    base::Stream stream(class_family_, ordinal, warm ? 1 : 0);
    const double u = stream.uniform() * share_until_.back();
    const auto chosen = std::upper_bound(share_until_.begin(), share_until_.end() - 1, u);
    const auto of = static_cast<workload::SessionClass>(chosen - share_until_.begin());
    return law_.first_turn(SessionLaw::session_id(of, warm, ordinal));
  }

  workload::WorkloadConfig config_;
  SessionLaw law_;
  base::StreamFamily class_family_, arrival_family_;
  std::vector<double> share_until_;     // of sessions, over the classes
  std::optional<SessionTurn> current_;  // the turn that the latest request has its lengths from
  std::vector<std::string> unread_;     // columns
  std::vector<TokenRateBin> bins_;      // the warm-up's first
  base::TimePoint end_;                 // of the window
  std::size_t warm_bins_ = 0, trace_bins_ = 0;
  std::size_t next_bin_ = 0;
  std::uint64_t next_ordinal_ = 0;
  std::vector<workload::Request> planned_;  // of the current bin
  std::size_t at_ = 0;
  workload::SessionSlots slots_;
  std::uint64_t next_id_ = 0;
  std::int64_t long_answers_ = 0;  // of V3, beyond its limit
};

}  // namespace

std::unique_ptr<workload::Source> make_token_rate_source(const TokenRateSourceSpec& spec) {
  return std::make_unique<TokenRateSource>(spec);
}

}  // namespace epfleet::sessions
