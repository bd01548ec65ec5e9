// Sentences for lists and for terminals.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace epfleet::text {

// Columns that a UTF-8 text takes on a terminal, escape sequences not counted (no wide characters
// are used).
[[nodiscard]] std::size_t display_width(std::string_view text);

// The gist of a sentence, for one line of a list: up to the first full stop or semicolon that a
// blank follows, or its end.
[[nodiscard]] std::string half_sentence(std::string_view text);

// Broken between words into lines of at most `width` columns; a longer word has a line of its own.
// At least one line.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, std::size_t width);

// A page of lines, each broken at `width` with its own indentation kept; of a table's row ("name
// meaning", two blanks or more between) that of its second column.
[[nodiscard]] std::string wrapped_page(std::string_view page, std::size_t width);

// What a stream of this process's locale can show: the text itself where that is UTF-8 or not
// stated, else with plain ASCII for bars, lines and signs.
[[nodiscard]] std::string in_locale(std::string text);

}  // namespace epfleet::text
