// The key table as a JSON Schema, for editors. A value with a unit is text for JSON.
#include <fmt/format.h>

#include <cmath>

#include "epfleet/base/names.h"
#include "epfleet/config/explain.h"
#include "epfleet/config/key.h"
#include "epfleet/text/quote.h"
#include "own_classes.h"

namespace epfleet::config {
namespace {

// In the order of JsonType.
constexpr base::Names<6> kTypes = {R"("string")",  R"("integer")",
                                   R"("number")",  R"(["number", "string"])",
                                   R"("boolean")", R"("array")"};

std::string bounds(const Key& key) {
  const bool number = key.json == JsonType::Integer || key.json == JsonType::Number ||
                      key.json == JsonType::NumberOrText;
  std::string text;
  const auto bound = [&](double value, bool open, const char* name, const char* open_name) {
    if (number && std::isfinite(value)) {
      text += fmt::format(", \"{}\": {}", open ? open_name : name, value);
    }
  };
  bound(key.range.low, key.range.low_open, "minimum", "exclusiveMinimum");
  bound(key.range.high, key.range.high_open, "maximum", "exclusiveMaximum");
  return text;
}

std::string leaf(const Key& key) {
  std::string description = key.help + " " + key.type;
  if (!key.range_text.empty()) {
    description += ", " + key.range_text;
  }
  std::string body;
  if (key.choices.empty() || key.json == JsonType::Boolean) {
    body = is_part_group(key.name)  // or the name of a part
               ? R"("type": ["array", "string"])"
               : fmt::format("\"type\": {}{}", base::name_in(kTypes, key.json), bounds(key));
  } else {
    for (const Choice& choice : key.choices) {
      body += (body.empty() ? "" : ", ") + text::json_string(choice.name);
    }
    body = fmt::format("\"enum\": [{}]", body);
  }
  if (!key.absent.empty() && !key.is_path && key.json != JsonType::Text) {
    body =
        fmt::format("\"anyOf\": [{{{}}}, {{\"const\": {}}}]", body, text::json_string(key.absent));
  }
  return fmt::format("{{\"description\": {}, {}}}", text::json_string(description), body);
}

// A bare number is its mean.
bool is_length(const std::string& name) {
  return name.starts_with("workload.") && (name.ends_with(".input") || name.ends_with(".output")) &&
         find_key(name + ".cv");
}

std::string object(const std::string& group, int depth) {
  const std::string indent(static_cast<std::size_t>(2 * depth + 2), ' ');
  std::string members;
  std::string others = "false";  // keys with other names
  const auto add = [&](std::string_view name, const std::string& schema) {
    members += fmt::format("{}{}{}: {}", members.empty() ? "" : ",\n", indent,
                           text::json_string(name), schema);
  };
  if (group.empty()) {
    add("extends",
        R"({"description": "A file that this one is put on top of.", "type": "string"})");
  }
  if (is_part_group(group)) {
    add("base", R"({"description": "Name or path of a part.", "type": "string"})");
  }
  for (const std::string& member : group_members(group)) {
    const std::string name = group.empty() ? member : group + "." + member;
    const Key* key = find_key(name);
    std::string schema = key != nullptr ? leaf(*key) : object(name, depth + 1);
    const bool by_name = is_part_group(name) || name.ends_with(".balancer");
    if (member == kAnyName) {
      others = schema;
      continue;
    }
    if (key == nullptr && is_length(name)) {
      schema = fmt::format("{{\"anyOf\": [{{\"type\": [\"number\", \"string\"]}}, {}]}}", schema);
    }
    if (key == nullptr && by_name) {
      schema = fmt::format("{{\"anyOf\": [{{\"type\": \"string\"}}, {}]}}", schema);
    }
    add(member, schema);
  }
  return fmt::format(
      "{{\"type\": \"object\", \"additionalProperties\": {}, \"properties\": {{\n{}\n{}}}}}",
      others, members, std::string(static_cast<std::size_t>(2 * depth), ' '));
}

}  // namespace

std::string json_schema() {
  const std::string root = object("", 0);
  return fmt::format(
      "{{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\", \"title\": \"epfleet "
      "scenario\", {}\n",
      root.substr(1));
}

}  // namespace epfleet::config
