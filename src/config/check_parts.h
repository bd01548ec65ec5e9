// The parts of check(): each adds the contradictions of its area.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "epfleet/config/check.h"

namespace epfleet::config {

class Contradictions {
 public:
  void add(std::initializer_list<const char*> keys, std::string what, std::string remedy) {
    add(std::vector<std::string>(keys.begin(), keys.end()), std::move(what), std::move(remedy));
  }
  void add(std::vector<std::string> keys, std::string what, std::string remedy) {
    all_.push_back({std::move(keys), std::move(what), std::move(remedy)});
  }
  [[nodiscard]] std::vector<Contradiction> take() { return std::move(all_); }

 private:
  std::vector<Contradiction> all_;
};

void check_workload(const Scenario& scenario, Contradictions& found);
void check_plain(const Scenario& scenario, Contradictions& found);
void check_model(const Scenario& scenario, Contradictions& found);
void check_units(const Scenario& scenario, Contradictions& found);
void check_prices(const Scenario& scenario, Contradictions& found);
void check_fleet(const Scenario& scenario, Contradictions& found);

}  // namespace epfleet::config
