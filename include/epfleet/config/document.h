// A scenario as a tree of what was written, before any key has a meaning: every value and every key
// remembers the file, line and column where it was written, also after files are merged.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "epfleet/base/error.h"

namespace epfleet::config {

struct Place {
  std::string file;    // as it is shown; "--set" for an override
  std::string folder;  // which relative paths written here start from
  int line = 0;        // 1-based; 0: none
  int column = 0;
};

struct Entry;

struct Node {
  enum class Kind { Null, Scalar, List, Map };

  Kind kind = Kind::Null;
  Place place;
  std::string text;            // Scalar
  std::vector<Node> items;     // List
  std::vector<Entry> entries;  // Map, in the order written
  bool replaces = false;       // merging drops what was there instead of adding to it

  [[nodiscard]] const Node* find(std::string_view key) const;
  [[nodiscard]] Node* find(std::string_view key);
};

struct Entry {
  std::string key;
  Place place;
  Node value;
};

// The node at a dotted path; none if absent.
[[nodiscard]] const Node* find_path(const Node& root, std::string_view path);
[[nodiscard]] Node* find_path(Node& root, std::string_view path);

// The node at a dotted path, made as a chain of maps at `place` where absent. A scalar on the way
// is turned into a map: the reader reports it by what was written later.
[[nodiscard]] Node& make_path(Node& root, std::string_view path, const Place& place);

// Deep merge: maps add up, everything else is replaced by `over`.
void merge(Node& base, const Node& over);

// As YAML prints it: quoted where a plain word would mean something else.
[[nodiscard]] std::string yaml_text(const std::string& text);

// A value as written, on one line again: what --set takes, a YAML flow value that reads as the same
// tree.
[[nodiscard]] std::string flow_text(const Node& node);

[[nodiscard]] base::Problem problem_at(const Place& place, std::string key, std::string what,
                                       std::string remedy = "");

}  // namespace epfleet::config
