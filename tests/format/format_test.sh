#!/usr/bin/env bash
# format_test.sh SOURCE_DIR: the format check passes a formatted tree, fails one with a single crooked line, and fails an empty one.
set -euo pipefail
check=$1/tests/format/check_format.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cp "$1/.clang-format" "$tree"
mkdir -p "$tree/runtime" "$tree/cli"

expect() {  # expect STATUS WHAT
  local status=0
  bash "$check" "$tree" >"$tree/output" 2>&1 || status=$?
  if ((status == 77)); then
    cat "$tree/output"
    exit 77
  fi
  if [[ $1 == fails ]] && ((status == 0)) || [[ $1 == passes ]] && ((status != 0)); then
    echo "$2: expected that it $1, exit status $status:"
    cat "$tree/output"
    exit 1
  fi
}

expect fails "a tree without sources"
printf 'int f(int a) { return a; }\n' >"$tree/runtime/straight.cpp"
expect passes "a formatted tree"
printf 'int f(int a){return a;}\n' >"$tree/cli/crooked.h"
expect fails "a crooked header"
