// A small report with numbers that can be checked by hand: two hours of 66 nodes in four intervals.
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "epfleet/report/result_files.h"
#include "epfleet/report/run_report.h"

namespace epfleet::report {

inline constexpr std::int64_t kSecond = 1'000'000'000;

inline metrics::Interval sample_interval(std::int64_t from_s, std::int64_t to_s) {
  metrics::Interval i;
  i.begin = base::TimePoint(std::chrono::seconds(from_s));
  i.end = base::TimePoint(std::chrono::seconds(to_s));
  i.at_begin.prefill_nodes_allotted = 12;
  i.at_begin.decode_nodes_allotted = 54;
  i.at_begin.nodes_serving = 66;
  const std::int64_t length = to_s - from_s;
  // 1000 input tokens a second, of which 500 cached, and 250.5 output tokens a second, all R1 web.
  auto& payer = i.tokens[1][0];
  payer.input = 1000 * length;
  payer.cached = 500 * length;
  payer.output = base::TokenParts::nearest(250.5 * static_cast<double>(length));
  i.computed_tokens = 500 * length;
  i.arrived = length;
  i.completed = length;
  i.prefill_node_ns.busy = 12 * length * kSecond;
  i.decode_node_ns.busy = 54 * length * kSecond;
  i.ttft_mean_s = 1.5;
  return i;
}

inline cost::Account sample_account(const metrics::Interval& i) {
  cost::Account a;
  a.begin = i.begin;
  a.end = i.end;
  a.cost_usd = 66.0 * 16.0 * std::chrono::duration<double>(i.length()).count() / 3600.0;
  a.revenue.theoretical_usd = 2.0 * a.cost_usd;
  a.theoretical_margin_ratio = 1.0;
  return a;
}

inline RunReport sample_report() {
  RunReport r;
  r.scenario = "sample";
  r.seed = 7;
  r.scenario_fingerprint = "0123456789abcdef";
  r.trajectory_fingerprint = 0xfedcba9876543210ULL;
  r.command = "epfleet run sample.yaml";
  r.resolved_yaml = "name: sample\n";
  auto& s = r.statistics;
  s.end = base::TimePoint(std::chrono::seconds(7200));
  for (std::int64_t from = 0; from < 7200; from += 1800) {
    s.intervals.push_back(sample_interval(from, from + 1800));
    r.statement.intervals.push_back(sample_account(s.intervals.back()));
  }
  for (std::int64_t from = 0; from < 7200; from += 3600) {
    s.hours.push_back(sample_interval(from, from + 3600));
    r.statement.hours.push_back(sample_account(s.hours.back()));
  }
  s.requests.arrived = 7200;
  s.requests.completed = 7190;
  s.requests.in_flight = 10;
  s.requests.finished_in_window = 7190;
  s.requests.finished_input_tokens = 7'200'000;
  s.requests.finished_output_tokens = 1'803'600;
  s.tokens.input = 7'200'000;
  s.tokens.cached = 3'600'000;
  s.tokens.computed = 3'600'000;
  s.tokens.computed_in_steps = 3'600'000;
  s.tokens.output = 1'803'600;
  s.cache.hit_ratio = 0.5;
  s.latency.ttft.mean = 1.5;
  s.latency.ttft.p99 = 9.0;
  s.latency.output_speed.mean = 21.25;
  s.nodes.peak = 66;
  s.nodes.mean = 66.0;
  s.nodes.gpus_per_node = 8;
  s.nodes.prefill_ns.busy = 12 * 7200 * kSecond;
  s.nodes.decode_ns.busy = 54 * 7200 * kSecond;
  r.statement.total.gpu_hours = 1056.0;
  r.statement.total.cost_usd = 2112.0;
  r.statement.total.revenue.theoretical_usd = 4224.0;
  r.statement.total.theoretical_margin_ratio = 1.0;
  return r;
}

inline PublishedValue sample_value(const std::string& name, Role role, double published) {
  PublishedValue value;
  value.name = name;
  value.role = role;
  value.published = published;
  value.source = "a test";
  return value;
}

inline std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// A folder of its own for a test, removed with it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "epfleet-test-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline void write_result_folder(const std::filesystem::path& target, const RunReport& report) {
  ResultFolder folder(target);
  write_result(folder, report);
  folder.commit();
}

}  // namespace epfleet::report
