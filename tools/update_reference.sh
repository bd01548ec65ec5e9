#!/usr/bin/env bash
# Writes docs/keys.md, metrics.md and equivalents.md anew: they are what the program prints, and a test compares.
#
#   tools/update_reference.sh [PROGRAM]      default: build/release/epfleet
set -euo pipefail
cd "$(dirname "$0")/.."
program=${1:-build/release/epfleet}
"$program" explain --markdown > docs/keys.md
"$program" explain --metrics --markdown > docs/metrics.md
"$program" explain --equivalents --markdown > docs/equivalents.md
