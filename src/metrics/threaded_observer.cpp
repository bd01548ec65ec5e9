#include "epfleet/metrics/threaded_observer.h"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

namespace epfleet::metrics {
namespace {

// Facts in a block: about 300 kB, large against the cost of a hand-over, small against the caches.
constexpr std::size_t kBlockFacts = 2048;
// Blocks under way: the bound of the memory, and how far the simulation may run ahead.
constexpr std::size_t kBlocksWaiting = 4;

enum class Kind : std::uint8_t { Requests, PrefillStep, DecodeStep, FirstChunk, Sample };

// Copies of facts by kind, and the order in which they came.
class Block {
 public:
  template <class Fact>
  void append(Kind kind, std::vector<Fact> Block::* facts, std::span<const Fact> added) {
    if (added.empty()) {
      return;
    }
    (this->*facts).insert((this->*facts).end(), added.begin(), added.end());
    size_ += added.size();
    if (order_.empty() || order_.back().kind != kind) {
      order_.push_back({kind, 0});
    }
    order_.back().count += added.size();
  }

  [[nodiscard]] std::size_t size() const { return size_; }

  void deliver(observe::Observer& target) const {
    std::size_t request = 0, prefill_step = 0, decode_step = 0, gap = 0, sample = 0;
    for (const Stretch& stretch : order_) {
      switch (stretch.kind) {
        case Kind::Requests:
          target.on_requests_done(std::span(requests).subspan(request, stretch.count));
          request += stretch.count;
          break;
        case Kind::PrefillStep:
          for (std::size_t i = 0; i < stretch.count; ++i) {
            target.on_prefill_step(prefill_steps[prefill_step++]);
          }
          break;
        case Kind::DecodeStep:
          for (std::size_t i = 0; i < stretch.count; ++i) {
            target.on_decode_step(decode_steps[decode_step++]);
          }
          break;
        case Kind::FirstChunk:
          for (std::size_t i = 0; i < stretch.count; ++i) {
            target.on_first_chunk(gaps[gap++]);
          }
          break;
        case Kind::Sample:
          for (std::size_t i = 0; i < stretch.count; ++i) {
            target.on_sample(samples[sample++]);
          }
          break;
      }
    }
  }

  // Empty again, with its memory kept.
  void clear() {
    requests.clear();
    prefill_steps.clear();
    decode_steps.clear();
    gaps.clear();
    samples.clear();
    order_.clear();
    size_ = 0;
  }

  std::vector<observe::RequestDone> requests;
  std::vector<observe::PrefillStepDone> prefill_steps;
  std::vector<observe::DecodeStepDone> decode_steps;
  std::vector<base::Duration> gaps;
  std::vector<observe::FleetSample> samples;

 private:
  struct Stretch {
    Kind kind;
    std::size_t count;
  };

  std::vector<Stretch> order_;
  std::size_t size_ = 0;
};

}  // namespace

class ThreadedObserver::Worker {
 public:
  explicit Worker(observe::Observer& target)
      : target_(target), thread_([this](const std::stop_token& stop) { run(stop); }) {}

  Block filling;  // by the caller's thread only

  void hand_over() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_.size() < kBlocksWaiting; });
    throw_if_failed();
    waiting_.push_back(std::exchange(filling, take_empty()));
    changed_.notify_all();
  }

  void finish() {
    hand_over();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_.empty() && !delivering_; });
    throw_if_failed();
  }

 private:
  Block take_empty() {
    if (empty_.empty()) {
      return {};
    }
    Block block = std::move(empty_.back());
    empty_.pop_back();
    return block;
  }

  void throw_if_failed() const {
    if (failure_) {
      std::rethrow_exception(failure_);
    }
  }

  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [&] { return !waiting_.empty(); }) && !stop.stop_requested()) {
      Block block = std::move(waiting_.front());
      waiting_.pop_front();
      delivering_ = true;
      const bool failed = failure_ != nullptr;
      lock.unlock();
      std::exception_ptr failure = failed ? nullptr : deliver(block);
      block.clear();
      lock.lock();
      if (failure) {
        failure_ = std::move(failure);
      }
      empty_.push_back(std::move(block));
      delivering_ = false;
      changed_.notify_all();
    }
  }

  // What went wrong, if anything.
  std::exception_ptr deliver(const Block& block) {
    try {
      block.deliver(target_);
      return nullptr;
    } catch (...) {
      return std::current_exception();
    }
  }

  observe::Observer& target_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Block> waiting_;
  std::vector<Block> empty_;
  std::exception_ptr failure_;
  bool delivering_ = false;
  std::jthread thread_;  // last: starts when all else is there, ends before it goes
};

ThreadedObserver::ThreadedObserver(observe::Observer& target)
    : worker_(std::make_unique<Worker>(target)) {}
ThreadedObserver::~ThreadedObserver() = default;

void ThreadedObserver::hand_over_when_full() {
  if (worker_->filling.size() >= kBlockFacts) {
    worker_->hand_over();
  }
}

void ThreadedObserver::on_requests_done(std::span<const observe::RequestDone> requests) {
  worker_->filling.append(Kind::Requests, &Block::requests, requests);
  hand_over_when_full();
}

void ThreadedObserver::on_prefill_step(const observe::PrefillStepDone& step) {
  worker_->filling.append(Kind::PrefillStep, &Block::prefill_steps, std::span(&step, 1));
  hand_over_when_full();
}

void ThreadedObserver::on_decode_step(const observe::DecodeStepDone& step) {
  worker_->filling.append(Kind::DecodeStep, &Block::decode_steps, std::span(&step, 1));
  hand_over_when_full();
}

void ThreadedObserver::on_first_chunk(base::Duration gap) {
  worker_->filling.append(Kind::FirstChunk, &Block::gaps, std::span<const base::Duration>(&gap, 1));
  hand_over_when_full();
}

void ThreadedObserver::on_sample(const observe::FleetSample& sample) {
  worker_->filling.append(Kind::Sample, &Block::samples, std::span(&sample, 1));
  hand_over_when_full();
}

void ThreadedObserver::finish() { worker_->finish(); }

}  // namespace epfleet::metrics
