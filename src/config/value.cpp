#include "epfleet/config/value.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "epfleet/text/parse.h"
#include "units.h"

namespace epfleet::config {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t digits_from(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at])) {
    ++at;
  }
  return at;
}

// Length of the decimal number that `text` starts with: -12, 0.5, 608e9; 0 if there is none.
std::size_t number_length(std::string_view text) {
  const std::size_t sign = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  std::size_t end = digits_from(text, sign);
  if (end == sign) {
    return 0;
  }
  if (end + 1 < text.size() && text[end] == '.' && is_digit(text[end + 1])) {
    end = digits_from(text, end + 1);
  }
  if (end + 1 < text.size() && (text[end] == 'e' || text[end] == 'E')) {
    const std::size_t exponent = end + (text[end + 1] == '-' || text[end + 1] == '+' ? 2 : 1);
    const std::size_t last = digits_from(text, exponent);
    end = last > exponent ? last : end;
  }
  return end;
}

// One "number unit" of a value.
struct Term {
  std::string_view number;  // without a plus sign
  std::string_view unit;    // may be empty
};

// REQUIRES: number_length(text) > 0. Moves `text` behind the term.
Parsed<Term> take_term(std::string_view& text, std::string_view whole) {
  const std::size_t length = number_length(text);
  std::string_view number = text.substr(0, length);
  const std::size_t sign = number[0] == '-' || number[0] == '+' ? 1 : 0;
  if (number.size() > sign + 1 && number[sign] == '0' && is_digit(number[sign + 1])) {
    return tl::unexpected(
        Fault{fmt::format("'{}' starts with a zero, which some read as octal", whole),
              "leave the zero out"});
  }
  text = text::trimmed(text.substr(length));
  const auto end = text.find_first_of(" \t");
  const std::string_view unit = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view{} : text::trimmed(text.substr(end));
  return Term{number[0] == '+' ? number.substr(1) : number, unit};
}

// All terms of a value; only a duration may have several ("1 h 30 min").
Parsed<std::vector<Term>> terms_of(Dimension dimension, std::string_view text,
                                   std::string_view example) {
  const Shape& shape = shape_of(dimension);
  example = example.empty() ? std::string_view(shape.example) : example;
  std::string_view rest = text::trimmed(text);
  std::vector<Term> terms;
  do {
    if (number_length(rest) == 0) {
      const bool plain = dimension == Dimension::Number;
      return tl::unexpected(
          Fault{fmt::format("'{}' is not a {}", text, shape.name),
                plain && example.empty()
                    ? "write a number"
                    : fmt::format("{}for example {}", plain ? "write a number, " : "", example)});
    }
    const Parsed<Term> term = take_term(rest, text);
    if (!term) {
      return tl::unexpected(term.error());
    }
    if (term->unit.empty() && shape.unit_needed) {
      return tl::unexpected(Fault{
          fmt::format("'{}' has no unit", text),
          fmt::format("write it with one of {}, for example {}", unit_names(dimension), example)});
    }
    terms.push_back(*term);
  } while (!rest.empty() && dimension == Dimension::Duration);
  if (!rest.empty()) {
    return tl::unexpected(
        Fault{fmt::format("'{}' has '{}' after the {}", text, rest, shape.name), ""});
  }
  return terms;
}

Parsed<const Unit*> unit_of(Dimension dimension, const Term& term, std::string_view text) {
  for (const Unit& unit : shape_of(dimension).units) {
    if (unit.name == term.unit) {
      return &unit;
    }
  }
  const std::string names = unit_names(dimension);
  return tl::unexpected(
      Fault{fmt::format("'{}' has the unit '{}'", text, term.unit),
            names.empty() ? "write a plain number" : fmt::format("choose from {}", names)});
}

Fault too_large(std::string_view text) {
  return {fmt::format("'{}' is too large or too small to be kept", text), ""};
}

// number * factor as an exact integer; fractions are allowed if the product is whole.
Parsed<std::int64_t> whole_from(std::string_view number, std::int64_t factor,
                                std::string_view text) {
  if (const auto value = text::parse_whole<std::int64_t>(number)) {
    std::int64_t product = 0;
    if (__builtin_mul_overflow(*value, factor, &product)) {
      return tl::unexpected(too_large(text));
    }
    return product;
  }
  const std::optional<double> real = text::parse_number(number);
  const double product = real.value_or(1e300) * static_cast<double>(factor);
  if (!(std::fabs(product) < 0x1p63)) {
    return tl::unexpected(too_large(text));
  }
  const double rounded = std::floor(product + 0.5);
  if (std::fabs(rounded - product) > 1e-9 * std::fabs(product)) {
    return tl::unexpected(Fault{fmt::format("'{}' is not a whole number", text), ""});
  }
  return static_cast<std::int64_t>(rounded);
}

// Minutes and hours.
bool goes_by_sixties(const Unit& unit) { return unit.multiply == 60 || unit.multiply == 3600; }

}  // namespace

Parsed<double> parse_real(Dimension dimension, std::string_view text, std::string_view example) {
  const auto terms = terms_of(dimension, text, example);
  if (!terms) {
    return tl::unexpected(terms.error());
  }
  double sum = 0.0;
  for (const Term& term : *terms) {
    const std::optional<double> number = text::parse_number(term.number);
    if (!number) {
      return tl::unexpected(too_large(text));
    }
    if (term.unit.empty()) {
      sum += *number;
      continue;
    }
    const auto unit = unit_of(dimension, term, text);
    if (!unit) {
      return tl::unexpected(unit.error());
    }
    sum += *number * (*unit)->multiply / (*unit)->divide;
  }
  return std::isfinite(sum) ? Parsed<double>(sum) : tl::unexpected(too_large(text));
}

Parsed<std::int64_t> parse_whole(Dimension dimension, std::string_view text,
                                 std::string_view example) {
  const auto terms = terms_of(dimension, text, example);
  if (!terms) {
    return tl::unexpected(terms.error());
  }
  std::int64_t sum = 0;
  for (const Term& term : *terms) {
    std::int64_t factor = 1;
    if (!term.unit.empty()) {
      const auto unit = unit_of(dimension, term, text);
      if (!unit) {
        return tl::unexpected(unit.error());
      }
      factor = shape_of(dimension).whole_of(**unit);
    }
    const auto part = whole_from(term.number, factor, text);
    if (!part) {
      return part;
    }
    if (__builtin_add_overflow(sum, *part, &sum)) {
      return tl::unexpected(too_large(text));
    }
  }
  return sum;
}

std::string print_real(Dimension dimension, double value) {
  const std::vector<Unit>& units = shape_of(dimension).units;
  for (std::size_t i = units.size(); i-- > 0;) {
    if (units[i].printed && std::fabs(value) >= units[i].multiply / units[i].divide) {
      const double number = value * units[i].divide / units[i].multiply;
      if (goes_by_sixties(units[i]) && number != std::floor(number)) {
        continue;  // 75 s rather than 1.25 min
      }
      // 15 digits hide the rounding of the division; where they lose bits, all digits are printed.
      for (const auto& digits : {fmt::format("{:.15g}", number), fmt::format("{}", number)}) {
        std::string text = fmt::format("{} {}", digits, units[i].name);
        const auto again = parse_real(dimension, text);
        if (again && *again == value) {
          return text;
        }
      }
    }
  }
  // No unit gives the same bits back: the base unit does.
  for (const Unit& unit : units) {
    if (unit.printed && unit.multiply == 1 && unit.divide == 1) {
      return fmt::format("{} {}", value, unit.name);
    }
  }
  return fmt::format("{}", value);
}

std::string print_whole(Dimension dimension, std::int64_t value) {
  const Shape& shape = shape_of(dimension);
  for (std::size_t i = shape.units.size(); i-- > 0;) {
    const Unit& unit = shape.units[i];
    const std::int64_t whole = shape.whole_of(unit);
    if (!unit.printed || whole == 0 || value == 0) {
      continue;
    }
    if (value % whole == 0) {
      return fmt::format("{} {}", value / whole, unit.name);
    }
    // 1.5 us rather than 1500 ns: up to three decimals, in units that go by thousands.
    if (whole % 1000 == 0 && !goes_by_sixties(unit) && value > whole && value / whole < 1000 &&
        value % (whole / 1000) == 0) {
      return fmt::format("{} {}", static_cast<double>(value) / static_cast<double>(whole),
                         unit.name);
    }
  }
  if (dimension == Dimension::Duration || dimension == Dimension::Bytes) {
    return dimension == Dimension::Duration ? "0 s" : "0 B";
  }
  return fmt::format("{}", value);
}

}  // namespace epfleet::config
