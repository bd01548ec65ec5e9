#include "epfleet/config/document.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "epfleet/text/quote.h"

namespace epfleet::config {
namespace {

// "a.b.c" -> {"a", "b.c"}
std::pair<std::string_view, std::string_view> split_first(std::string_view path) {
  const auto dot = path.find('.');
  return dot == std::string_view::npos ? std::pair(path, std::string_view{})
                                       : std::pair(path.substr(0, dot), path.substr(dot + 1));
}

// In small letters: YAML knows them in capitals and in capitalised words, too.
bool is_word_of_yaml(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  constexpr std::array<std::string_view, 5> kWords = {"null", "true", "false", ".nan", ".inf"};
  return std::ranges::find(kWords, text) != kWords.end();
}

// A word of letters, digits and _-./+ that YAML takes for nothing else.
bool is_plain(const std::string& text) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  const auto starts_with = [&](std::string_view set) { return set.find(text[0]) != set.npos; };
  return !text.empty() && (starts_with(kLetters) || starts_with("./")) &&
         text.find_first_not_of(std::string(kLetters) + "0123456789_-./+") == std::string::npos &&
         text != "." && text != "..." && !is_word_of_yaml(text);
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

Node* find_path(Node& root, std::string_view path) {
  return const_cast<Node*>(find_path(std::as_const(root), path));  // NOLINT: root is not const
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

std::string yaml_text(const std::string& text) {
  return is_plain(text) ? text : text::json_string(text);
}

std::string flow_text(const Node& node) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  switch (node.kind) {
    case Node::Kind::Null:
      return "null";
    case Node::Kind::Scalar:
      return yaml_text(node.text);
    case Node::Kind::List:
      for (const Node& item : node.items) {
        add(flow_text(item));
      }
      return "[" + text + "]";
    case Node::Kind::Map:
      for (const Entry& entry : node.entries) {
        add(yaml_text(entry.key) + ": " + flow_text(entry.value));
      }
      return "{" + text + "}";
  }
  return text;
}

base::Problem problem_at(const Place& place, std::string key, std::string what,
                         std::string remedy) {
  return {place.file, place.line, place.column, std::move(key), std::move(what), std::move(remedy)};
}

}  // namespace epfleet::config
