#include "epfleet/config/resolved.h"

#include <fmt/format.h>

#include "epfleet/base/random.h"
#include "epfleet/config/key.h"

namespace epfleet::config {
namespace {

// A phase's own hardware is written only where it differs from the shared one.
bool is_written(const Key& key, const std::string& value, const Scenario& scenario) {
  return key.overrides.empty() || value != find_key(key.overrides)->print(scenario);
}

// Writes groups as indented blocks.
class Writer {
 public:
  explicit Writer(const Scenario& scenario) : scenario_(scenario) {}

  // All keys of a group, then of the groups in it: a group is never left and opened again.
  void write_group(const std::string& group, int depth) {
    for (const std::string& member : group_members(group)) {
      const std::string name = group.empty() ? member : group + "." + member;
      if (const Key* key = find_key(name)) {
        write_key(*key, member, depth);
      } else {
        write_subgroup(name, member, depth);
      }
    }
  }

  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  void write_subgroup(const std::string& name, const std::string& member, int depth) {
    const std::size_t before = text_.size();
    text_ += fmt::format("{:{}}{}:\n", "", 2 * depth, member);
    const std::size_t opened = text_.size();
    write_group(name, depth + 1);
    if (text_.size() == opened) {
      text_.resize(before);  // nothing of it is written
    }
  }

  void write_key(const Key& key, const std::string& member, int depth) {
    const std::string value = key.print(scenario_);
    if (!is_written(key, value, scenario_)) {
      return;
    }
    const std::string_view mark = scenario_.given.contains(key.name) ? "" : "  # default";
    if (value.find('\n') == std::string::npos) {
      text_ += fmt::format("{:{}}{}: {}{}\n", "", 2 * depth, member, value, mark);
      return;
    }
    text_ += fmt::format("{:{}}{}:{}", "", 2 * depth, member, mark);
    for (const char c : value) {
      text_ += c == '\n' ? fmt::format("\n{:{}}", "", 2 * depth + 2) : std::string(1, c);
    }
    text_ += '\n';
  }

  const Scenario& scenario_;
  std::string text_;
};

bool decides_the_run(const Key& key) {
  return key.name != "name" && key.name != "seed" && !key.name.starts_with("report.");
}

}  // namespace

std::string resolved_document(const Scenario& scenario) {
  Writer writer(scenario);
  writer.write_group("", 0);
  return "# The scenario as run, every key. Paths start from the folder of the scenario file.\n" +
         writer.take();
}

std::string scenario_fingerprint(const Scenario& scenario) {
  std::string lines;
  for (const Key& key : key_table()) {
    if (decides_the_run(key)) {
      lines += fmt::format("{}={}\n", key.name, key.print(scenario));
    }
  }
  return fmt::format("{:016x}", base::mix64(base::stream_name_hash(lines)));
}

}  // namespace epfleet::config
