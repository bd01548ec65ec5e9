// Hands facts on to another observer on a worker: in blocks, in order, so that statistics cost the
// simulation only a copy. The target sees the same facts in the same order as without the worker
// (spans may be cut or joined), hence gives the same bytes. An exception of the target stops the
// delivery and is thrown again on the caller's thread, by a later block or by finish(), and by
// every one after it.
#pragma once

#include <memory>
#include <span>

#include "epfleet/base/time.h"
#include "epfleet/base/worker.h"
#include "epfleet/observe/facts.h"

namespace epfleet::metrics {

class ThreadedObserver : public observe::Observer {
 public:
  // Both must outlive this observer, and only the worker may touch the target until finish().
  ThreadedObserver(observe::Observer& target, base::Worker& worker);
  // Facts not yet delivered are dropped: call finish() to have them delivered.
  ~ThreadedObserver() override;

  void on_requests_done(std::span<const observe::RequestDone> requests) override;
  void on_prefill_step(const observe::PrefillStepDone& step) override;
  void on_decode_step(const observe::DecodeStepDone& step) override;
  void on_first_chunks(std::span<const base::Duration> gaps) override;
  void on_sample(const observe::FleetSample& sample) override;
  void on_decision(const observe::Decision& decision) override;

  // Returns when the target has seen every fact so far. More facts may follow.
  void finish();

 private:
  class Blocks;
  std::unique_ptr<Blocks> blocks_;
};

}  // namespace epfleet::metrics
