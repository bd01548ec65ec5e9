#!/usr/bin/env bash
# Installs the Debian packages of the named sets (default: build) that are not there yet.
# Usage: tools/install_packages.sh [build] [test] [cluster] [clang] [coverage]
set -euo pipefail

list="$(dirname "${BASH_SOURCE[0]}")/packages.txt"
sets=("${@:-build}")

wanted=()
while read -r set package; do
  for chosen in "${sets[@]}"; do
    if [[ "$set" == "$chosen" ]]; then
      wanted+=("$package")
    fi
  done
done <"$list"
if ((${#wanted[@]} == 0)); then
  echo "install_packages: no packages in: ${sets[*]} (sets: build, test, cluster, clang, coverage)" >&2
  exit 2
fi

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  for tool in cmake ninja c++; do
    if ! command -v "$tool" >/dev/null; then
      echo "install_packages: this is not a Debian system and $tool is missing. Install what" >&2
      echo "corresponds to: ${wanted[*]}" >&2
      exit 1
    fi
  done
  echo "install_packages: not a Debian system; expecting the equivalents of: ${wanted[*]}" >&2
  exit 0
fi

# dpkg-query exits 1 when it does not know a package, which is one of the answers.
installed="$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null || true)"
missing=()
for package in "${wanted[@]}"; do
  if [[ $'\n'"$installed"$'\n' != *$'\n'"installed $package"$'\n'* ]]; then
    missing+=("$package")
  fi
done
if ((${#missing[@]} == 0)); then
  exit 0
fi

as_root=()
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null; then
    echo "install_packages: missing, and neither root nor sudo to install: ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
  if [[ ! -t 0 ]]; then
    as_root=(sudo -n)
  fi
fi

echo "install_packages: installing ${missing[*]}" >&2
{
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}"
} >&2
