#!/usr/bin/env bash
# Installs what is missing, builds, and runs the whole test suite; arguments go to ctest:
#   tools/test.sh               everything
#   tools/test.sh -R queue      tests whose name has "queue", in both builds
# The dev build (sanitizers) runs the labels unit, law, property, fuzz, style and refuse, the release build all but the
# last two.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

started=$SECONDS
jobs="$(nproc 2>/dev/null || echo 2)"
configure=(-DEPFLEET_TESTS=ON)
if [[ -n "${EPFLEET_SHARED_DIR:-}" ]]; then
  configure+=("-DEPFLEET_SHARED_DIR=$EPFLEET_SHARED_DIR")
fi

echo "test.sh: checking packages"
tools/install_packages.sh build test

build() {
  local begun=$SECONDS
  echo "test.sh: building $1"
  cmake --preset "$1" "${configure[@]}" -Wno-dev >"build/$1.configure.log" 2>&1 ||
    { cat "build/$1.configure.log" && return 1; }
  cmake --build --preset "$1" --parallel "$jobs"
  echo "test.sh: built $1 in $((SECONDS - begun)) s"
}

finished=no
trap '[[ $finished == yes ]] || echo "test.sh: FAILED: stopped after $((SECONDS - started)) s"' EXIT

failed=()
run_tests() {
  local preset="$1" at_a_time="$2"
  shift 2
  echo "test.sh: testing $preset"
  ctest --preset "$preset" --parallel "$at_a_time" "$@" || failed+=("$preset")
}

mkdir -p build
selection=(--no-tests=error)
if (($# > 0)); then
  selection=("$@")
fi
build dev
run_tests dev "$jobs" -L '^(unit|law|property|fuzz|style|refuse)$' "${selection[@]}"
build release
# The cluster's test waits for minutes; style and refusals are the same for both builds.
run_tests release "$((jobs + 1))" -LE '^(style|refuse)$' "${selection[@]}"

finished=yes
if ((${#failed[@]} > 0)); then
  echo "test.sh: FAILED in ${failed[*]} after $((SECONDS - started)) s"
  exit 1
fi
echo "test.sh: all tests passed in $((SECONDS - started)) s"
