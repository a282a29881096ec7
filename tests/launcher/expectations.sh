# Sourced by launcher_test.sh: runs a command and looks at what it said and how it ended.
# shellcheck shell=bash disable=SC2154

broken() {
  printf 'FAILED %s: %s\n--- standard output\n%s\n--- standard error\n%s\n' "${current#case_}" "$1" "${output:-}" "${errors:-}"
  exit 1
}

# run COMMAND...: leaves its exit status, standard output and standard error in $status, $output and $errors.
run() {
  status=0
  "$@" >"$scratch/output" 2>"$scratch/errors" </dev/null || status=$?
  output=$(<"$scratch/output")
  errors=$(<"$scratch/errors")
}

expect_status() { [[ $status == "$1" ]] || broken "exit status $status, not $1"; }
expect_output() { [[ $output == "$1" ]] || broken "standard output is not '$1'"; }
expect_output_has() { [[ $output == *$1* ]] || broken "standard output lacks '$1'"; }
expect_errors() { [[ $errors == "$1" ]] || broken "standard error is not '$1'"; }
expect_errors_have() { [[ $errors == *$1* ]] || broken "standard error lacks '$1'"; }
expect_errors_lack() { [[ $errors != *$1* ]] || broken "standard error has '$1'"; }
expect_file() { [[ -e $1 ]] || broken "$1 does not exist"; }
expect_no_file() { [[ ! -e $1 ]] || broken "$1 exists"; }
