// The latest answers of a pure function that takes long: runs of a sweep, the trials of a warm-up
// and a check before a run mostly ask the same.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace epfleet::base {

// Any thread may ask; of two that ask the same at the same time both compute. The one that was
// computed first is forgotten first. An exception is no
// answer. REQUIRES: Question has ==, and equal questions have the same answer.
template <class Question, class Answer>
class Remembered {
 public:
  explicit Remembered(std::size_t most) : most_(most) {}

  template <class Compute>
  [[nodiscard]] Answer get(const Question& question, Compute compute) {
    if (auto known = find(question)) {
      return *std::move(known);
    }
    Answer answer = compute();
    const std::lock_guard lock(mutex_);
    latest_.emplace_front(question, answer);
    if (latest_.size() > most_) {
      latest_.pop_back();
    }
    return answer;
  }

 private:
  using Known = std::pair<Question, Answer>;

  [[nodiscard]] std::optional<Answer> find(const Question& question) {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(latest_, question, &Known::first);
    return found == latest_.end() ? std::nullopt : std::optional(found->second);
  }

  std::size_t most_;
  std::mutex mutex_;
  std::deque<Known> latest_;
};

}  // namespace epfleet::base
