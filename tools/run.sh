#!/usr/bin/env bash
# Installs what is missing, builds the program, and runs a scenario with it:
#   tools/run.sh SCENARIO.yaml [options of "epfleet run"]
# A scenario is looked up from the current folder first, then from the repository. What the build
# says goes to stderr, so stdout is the program's alone.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
build="$root/build/release"

if (($# == 0)); then
  echo "usage: tools/run.sh SCENARIO.yaml [options]; try configs/quick.yaml" >&2
  exit 2
fi

"$root/tools/install_packages.sh" build

build_program() {
  mkdir -p "$build"
  exec 9>"$build/.lock"
  if command -v flock >/dev/null; then
    flock 9 # two calls at once must not build at once
  fi
  if [[ ! -f "$build/build.ninja" ]]; then
    echo "run.sh: configuring $build" >&2
    (cd "$root" && cmake --preset release -DEPFLEET_TESTS=OFF -DEPFLEET_BENCH=OFF) >&2
  fi
  # Ninja's lines about having nothing to do are dropped, all others shown.
  cmake --build "$build" --target epfleet 2>&1 |
    { grep -v -e 'no work to do' -e 'Re-checking globbed' || true; } >&2
  exec 9>&-
}
build_program

arguments=()
for argument in "$@"; do
  if [[ "$argument" == *.y?(a)ml && ! -e "$argument" && -e "$root/$argument" ]]; then
    argument="$root/$argument"
  fi
  arguments+=("$argument")
done
exec "$build/epfleet" run "${arguments[@]}"
