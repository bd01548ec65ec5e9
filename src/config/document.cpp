#include "document.h"

#include <utility>

namespace epfleet::config {
namespace {

// "a.b.c" -> {"a", "b.c"}
std::pair<std::string_view, std::string_view> split_first(std::string_view path) {
  const auto dot = path.find('.');
  return dot == std::string_view::npos ? std::pair(path, std::string_view{})
                                       : std::pair(path.substr(0, dot), path.substr(dot + 1));
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) {
      return &entry.value;
    }
  }
  return nullptr;
}

Node* Node::find(std::string_view key) {
  return const_cast<Node*>(std::as_const(*this).find(key));  // NOLINT: *this is not const
}

const Node* find_path(const Node& root, std::string_view path) {
  const Node* node = &root;
  while (node != nullptr && !path.empty()) {
    const auto [first, rest] = split_first(path);
    node = node->find(first);
    path = rest;
  }
  return node;
}

Node& make_path(Node& root, std::string_view path, const Place& place) {
  Node* node = &root;
  while (!path.empty()) {
    const auto [first, rest] = split_first(path);
    if (node->kind != Node::Kind::Map) {
      *node = Node{};
      node->kind = Node::Kind::Map;
      node->place = place;
    }
    Node* next = node->find(first);
    if (next == nullptr) {
      node->entries.push_back({std::string(first), place, Node{}});
      next = &node->entries.back().value;
      next->place = place;
    }
    node = next;
    path = rest;
  }
  return *node;
}

void merge(Node& base, const Node& over) {
  if (base.kind != Node::Kind::Map || over.kind != Node::Kind::Map || over.replaces) {
    base = over;
    return;
  }
  base.place = over.place;
  for (const Entry& entry : over.entries) {
    if (Node* present = base.find(entry.key)) {
      merge(*present, entry.value);
    } else {
      base.entries.push_back(entry);
    }
  }
}

base::Problem problem_at(const Place& place, std::string key, std::string what,
                         std::string remedy) {
  return {place.file, place.line, place.column, std::move(key), std::move(what), std::move(remedy)};
}

}  // namespace epfleet::config
