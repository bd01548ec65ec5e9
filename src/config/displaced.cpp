#include "displaced.h"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "own_classes.h"

namespace epfleet::config {
namespace {

using Keys = std::initializer_list<const char*>;

bool is_word(const Node* node, std::string_view word) {
  return node != nullptr && node->kind == Node::Kind::Scalar && node->text == word;
}

// Something, not nothing.
bool states(const Node& tree, const char* key) {
  const Node* node = find_path(tree, key);
  return node != nullptr && !is_word(node, "none") && !is_word(node, "auto") &&
         !(node->kind == Node::Kind::List && node->items.empty());
}
bool states(const Node& tree, Keys keys) {
  return std::ranges::any_of(keys, [&](const char* key) { return states(tree, key); });
}

// Options are one layer: none displaces another.
bool stays(const Node& node, const Node& over) {
  if (node.kind == Node::Kind::Map) {
    return std::ranges::any_of(node.entries,
                               [&](const Entry& entry) { return stays(entry.value, over); });
  }
  return over.place.file == "--set" && node.place.file == "--set";
}

void drop(Node& tree, std::string_view path, const Node& over) {
  const auto dot = path.find('.');
  Node* inner = tree.find(path.substr(0, dot));
  if (inner == nullptr) {
    return;
  }
  if (dot != std::string_view::npos) {
    drop(*inner, path.substr(dot + 1), over);
  } else if (!stays(*inner, over)) {
    std::erase_if(tree.entries, [&](const Entry& entry) { return entry.key == path; });
  }
}

void drop_all(Node& tree, Keys paths, const Node& over) {
  for (const char* path : paths) {
    drop(tree, path, over);
  }
}

const char* stated_load(const Node& tree) {
  for (const char* key : {"workload.rate", "workload.stages", "workload.concurrency"}) {
    if (states(tree, key)) {
      return key;
    }
  }
  return nullptr;
}

// A class of one's own with a rate of its own.
const Node* class_rate(const Node& tree) {
  const Node* classes = find_path(tree, kClasses);
  if (classes == nullptr) {
    return nullptr;
  }
  for (const Entry& entry : classes->entries) {
    const Node* rate = entry.value.find("rate");
    if (rate != nullptr && !own_class_in(fmt::format("{}.{}", kClasses, entry.key)).empty()) {
      return rate;
    }
  }
  return nullptr;
}

}  // namespace

void displace(Node& below, Node& over) {
  const char* stated = stated_load(over);
  const Node* load = stated != nullptr ? find_path(over, stated) : class_rate(over);
  if (load != nullptr) {
    drop_all(below,
             {"workload.rate", "workload.stages", "workload.concurrency", "workload.totals",
              "workload.source", "workload.path", "workload.hourly_shape", "workload.trace"},
             over);
    if (!states(over, "workload.source")) {
      Node plain;
      plain.kind = Node::Kind::Scalar;
      plain.text = "plain";
      plain.place = load->place;
      make_path(over, "workload.source", plain.place) = plain;
    }
  } else if (states(over, {"workload.totals.input", "workload.totals.output", "workload.path"}) ||
             (states(over, "workload.source") &&
              !is_word(find_path(over, "workload.source"), "plain"))) {
    drop_all(below,
             {"workload.rate", "workload.stages", "workload.concurrency", "workload.requests",
              "workload.hit_ratio"},
             over);
    if (is_word(find_path(below, "workload.source"), "plain")) {
      drop(below, "workload.source", over);
    }
  }
  if (states(over, "workload.concurrency")) {
    drop(below, "workload.arrivals", over);
  }
  if (states(over, {"workload.requests", "workload.stages"})) {
    drop(below, "duration", over);
  } else if (states(over, "duration")) {
    drop(below, "workload.requests", over);
  }
  if (states(over, "prices.calendar")) {
    drop(below, "prices.off_peak", over);
  } else if (states(over, "prices.off_peak")) {
    drop_all(below, {"prices.calendar", "prices.holidays"}, over);
  }
  if (states(over, {"fleet.prefill_units", "fleet.decode_units"})) {
    drop_all(below, {"fleet.base", "fleet.group", "fleet.groups", "scaling.schedule"}, over);
    if (is_word(find_path(below, "scaling.policy"), "schedule")) {
      drop(below, "scaling.policy", over);
    }
  }
  if (states(over, {"engine.base", "engine.host_time"})) {
    drop(below, "decode.host_time", over);
  } else if (states(over, "decode.host_time")) {
    drop(below, "engine.host_time", over);
  }
  if (states(over, "fleet.base.prefill_units")) {
    drop(below, "fleet.prefill_units", over);
  }
  if (states(over, "fleet.base.decode_units")) {
    drop(below, "fleet.decode_units", over);
  }
}

}  // namespace epfleet::config
