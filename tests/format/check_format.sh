#!/usr/bin/env bash
# check_format.sh ROOT: every source is laid out as clang-format 14 lays it out. Exit status 77 (skipped) where that is absent:
# other versions differ in details.
set -euo pipefail
cd "$1"

for formatter in clang-format-14 clang-format ''; do
  if [[ -n $formatter ]] && "$formatter" --version 2>/dev/null | grep -q 'version 14\.'; then break; fi
done
if [[ -z $formatter ]]; then
  echo "skipped: clang-format 14 is not installed (package clang-format-14)"
  exit 77
fi

folders=()
for folder in runtime models sim estimator validate cli tests bench; do
  if [[ -d $folder ]]; then folders+=("$folder"); fi
done
mapfile -t sources < <(find "${folders[@]}" -type f \( -name '*.h' -o -name '*.cpp' -o -name '*.cu' -o -name '*.cuh' \) | sort)
if ((!${#sources[@]})); then
  echo "$1: no sources found"
  exit 1
fi
crooked=$(printf '%s\n' "${sources[@]}" | xargs -P "$(nproc)" -n 40 "$formatter" --dry-run 2>&1 | sed -n 's/^\([^: ]*\):[0-9]*:[0-9]*: .*/\1/p' | sort -u)
if [[ -n $crooked ]]; then
  printf '%s\n' "$crooked"
  echo "$(wc -l <<<"$crooked") of ${#sources[@]} sources are not formatted: run $formatter -i on them"
  exit 1
fi
echo "${#sources[@]} sources are formatted"
