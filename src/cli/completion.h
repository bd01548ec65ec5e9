// What a shell offers for the word under the cursor.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "command.h"

namespace epfleet::cli {

inline constexpr const char* kFiles = ":files";  // the shell lists files itself

// `words` are those behind the program's name up to the cursor; the last, perhaps empty, is the one
// to complete. Names with dots come level by level: "decode." before "decode.gpus=".
[[nodiscard]] std::vector<std::string> completions(const CommandText& app,
                                                   std::span<const std::string> words);

// The scripts that ask for these; "bash", "zsh" or "fish".
[[nodiscard]] std::string completion_script(const std::string& shell);

}  // namespace epfleet::cli
