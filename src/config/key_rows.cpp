#include "key_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "epfleet/base/error.h"
#include "epfleet/config/paths.h"

namespace epfleet::config {
const Scenario& shipped_defaults() {
  static const Scenario kDefaults;
  return kDefaults;
}

Parsed<std::string> scalar_text(const Node& node, const std::string& expected) {
  switch (node.kind) {
    case Node::Kind::Scalar:
      return node.text;
    case Node::Kind::Null:
      return tl::unexpected(Fault{"has no value", fmt::format("expected: {}", expected)});
    case Node::Kind::List:
      return tl::unexpected(Fault{"is a list", fmt::format("expected: {}", expected)});
    case Node::Kind::Map:
      return tl::unexpected(Fault{"is a group of keys", fmt::format("expected: {}", expected)});
  }
  return tl::unexpected(Fault{"cannot be read", ""});
}

Fault not_a_choice(const std::string& text, const std::vector<Choice>& choices) {
  std::string names;
  for (const Choice& choice : choices) {
    names += (names.empty() ? "" : ", ") + choice.name;
  }
  return {fmt::format("'{}' is none of the choices", text), fmt::format("choose from {}", names)};
}

Key& Rows::custom(std::string_view name, std::string_view type, const Docs& docs) {
  Key& key = keys_.emplace_back();
  key.name = name;
  key.type = type;
  key.help = docs.help;
  key.source = docs.source;
  return key;
}

Rows& Rows::guess(std::string_view low, std::string_view high) {
  Key& key = keys_.back();
  for (const std::string_view text : {low, high}) {  // bounds must be values that the row accepts
    Scenario scratch;
    Node node;
    node.kind = Node::Kind::Scalar;
    node.text = text;
    EPFLEET_CHECK(!key.read(scratch, node), "plausible value of " + key.name + ": " + node.text);
  }
  key.plausible_low = low;
  key.plausible_high = high;
  return *this;
}

Rows& Rows::choice_row(std::string_view name, std::vector<Choice> choices,
                       std::function<void(Scenario&, std::size_t)> change,
                       std::function<std::size_t(const Scenario&)> look, const Docs& docs) {
  Key& key = custom(name, "choice", docs);
  key.choices = std::move(choices);
  key.read = [change = std::move(change), choices = key.choices](
                 Scenario& scenario, const Node& node) -> std::optional<Fault> {
    const Parsed<std::string> text = scalar_text(node, "choice");
    if (!text) {
      return text.error();
    }
    const auto chosen = std::ranges::find(choices, *text, &Choice::name);
    if (chosen == choices.end()) {
      return not_a_choice(*text, choices);
    }
    change(scenario, static_cast<std::size_t>(chosen - choices.begin()));
    return std::nullopt;
  };
  key.print = [look = std::move(look), choices = key.choices](const Scenario& scenario) {
    const std::size_t chosen = look(scenario);
    return chosen < choices.size() ? choices[chosen].name : std::string("?");
  };
  return *this;
}

Rows& Rows::rule_row(std::string_view name, MemberOf<std::string> member,
                     const std::vector<base::Choice>& rules, const Docs& docs) {
  std::vector<Word<std::string>> words;
  for (const base::Choice& rule : rules) {
    words.push_back({rule.name, rule.sentence, std::string(rule.name)});
  }
  return choice_of(name, std::move(member), words, docs);
}

Rows& Rows::flag_row(std::string_view name, MemberOf<bool> member, const Docs& docs) {
  choice_row(
      name, {{"true", ""}, {"false", ""}},
      [change = std::move(member.change)](Scenario& scenario, std::size_t word) {
        change(scenario) = word == 0;
      },
      [look = std::move(member.look)](const Scenario& scenario) {
        return look(scenario) ? std::size_t{0} : std::size_t{1};
      },
      docs);
  keys_.back().type = "true or false";
  keys_.back().json = JsonType::Boolean;
  return *this;
}

Rows& Rows::text_row(std::string_view name, MemberOf<std::string> member, const Docs& docs) {
  const auto same = [](const std::string& text) -> Parsed<std::string> { return text; };
  value_of<std::string>(name, "text", std::move(member), same, yaml_text, docs);
  return *this;
}

Rows& Rows::path_row(std::string_view name, MemberOf<std::string> member,
                     std::string_view word_of_none, const Docs& docs) {
  const std::string word(word_of_none);
  Key& key = custom(name, fmt::format("path of a file, or {}", word), docs);
  key.is_path = true;
  key.absent = word;
  const std::string kept = word == "none" ? "" : word;
  key.read = [change = std::move(member.change), word, kept](
                 Scenario& scenario, const Node& node) -> std::optional<Fault> {
    const Parsed<std::string> text = scalar_text(node, "path of a file");
    if (!text) {
      return text.error();
    }
    if (text->empty()) {
      return Fault{"is empty", fmt::format("write a path, or {}", word)};
    }
    change(scenario) = *text == word ? kept : resolved_path(*text, node.place.folder);
    return std::nullopt;
  };
  key.print = [look = std::move(member.look), word, kept](const Scenario& scenario) {
    const std::string& path = look(scenario);
    return path.empty() || path == kept ? word : yaml_text(shown_path(path, scenario.file));
  };
  return *this;
}

}  // namespace epfleet::config
