#!/usr/bin/env bash
# Checks the formatting of all C++ sources; with --fix, formats them. Exit 77 (skipped) without
# clang-format 19: other versions disagree in details.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v clang-format-19 >/dev/null; then
  echo "check_format: clang-format-19 is not installed; skipped"
  exit 77
fi

mode=(--dry-run -Werror)
if [[ "${1:-}" == --fix ]]; then
  mode=(-i)
fi
folders=()
for folder in include src tests bench; do
  if [[ -d "$folder" ]]; then
    folders+=("$folder")
  fi
done
find "${folders[@]}" -type f \( -name '*.cpp' -o -name '*.h' \) -print0 |
  sort -z | xargs -0 --no-run-if-empty clang-format-19 "${mode[@]}"
