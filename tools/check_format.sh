#!/usr/bin/env bash
# Checks the formatting of all C++ sources; with --fix, formats them. Exit 77 (skipped) without
# clang-format 19: other versions disagree in details. Comments, which clang-format leaves alone,
# must end by column 100.
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
if grep -rnE --include='*.cpp' --include='*.h' '^.{101,}$' "${folders[@]}" | grep -E '^[^:]*:[0-9]*: *//'; then
  echo "check_format: these comments go beyond column 100"
  exit 1
fi
find "${folders[@]}" -type f \( -name '*.cpp' -o -name '*.h' \) -print0 |
  sort -z | xargs -0 --no-run-if-empty clang-format-19 "${mode[@]}"
