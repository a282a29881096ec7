# Cases: titan build, test and bench. Sourced by launcher_test.sh.
# shellcheck shell=bash disable=SC2154,SC2164  # launcher_test.sh has set -e

case_test_ends_with_the_runners_summary_and_the_times() {
  run ./titan test -E fails
  expect_status 0
  expect_output_has "100% tests passed, 0 tests failed out of 1"
  [[ ${output##*$'\n'} =~ ^built\ in\ [0-9]+\ s,\ tested\ in\ [0-9]+\ s$ ]] || broken "the last line is not the times"
}

case_test_fails_when_a_test_fails() {
  run ./titan test
  expect_status 8
  expect_output_has "50% tests passed, 1 tests failed out of 2"
  [[ ${output##*$'\n'} == "built in "* ]] || broken "the last line is not the times"
}

case_test_fails_when_no_test_matches() {
  run ./titan test -R nothing_like_it
  [[ $status != 0 ]] || broken "no test ran and the status is 0"
}

case_ci_runs_the_tests() {
  mkdir .ci
  cp "$source_dir/.ci/run" .ci
  cd /
  run env CI=true bash "$project/.ci/run"
  expect_status 8
  expect_output_has "50% tests passed"
}

case_presets_have_their_own_trees_and_unknown_ones_are_refused() {
  run ./titan build --preset dev
  expect_status 0
  expect_file build/dev/bin/titan
  expect_no_file build/release
  run ./titan test --preset=speed
  expect_status 2
  expect_errors "titan: --preset: 'speed' is unknown (allowed: release, dev, asan, tsan, fuzz)"
  run ./titan build --preset
  expect_status 2
  run env TITAN_PRESET=speed ./titan
  expect_status 2
  expect_errors "titan: TITAN_PRESET: 'speed' is unknown (allowed: release, dev, asan, tsan, fuzz)"
}

case_a_build_after_an_interrupted_configuration_starts_it_over() {
  run ./titan
  rm build/release/.configured build/release/build.ninja
  echo "CMAKE_GENERATOR:INTERNAL=Unix Makefiles" >build/release/CMakeCache.txt
  run ./titan build
  expect_status 0
  run ./titan
  expect_output "program in project"
}

case_a_failing_configuration_shows_its_log() {
  echo 'message(FATAL_ERROR "nothing will do")' >>CMakeLists.txt
  run ./titan
  expect_status 1
  expect_errors_have "nothing will do"
  expect_errors_have "build/release.configure.log"
}

case_a_moved_checkout_is_configured_anew() {
  run ./titan
  cd "$scratch"
  rm -rf moved
  mv project moved
  cd moved
  echo '// moved' >>cli/main.cpp
  run ./titan
  cd "$scratch"
  rm -rf moved
  expect_status 0
  expect_output "program in moved"
}

case_a_full_disk_is_named() {
  run ./titan build
  echo 'int broken = no_such_name;' >>cli/main.cpp
  stand_in df <<<'echo header; echo "disk 100 100 0 100% /"'
  run ./titan build
  expect_status 1
  expect_errors_have "is full"
}

case_bench_runs_every_benchmark_with_the_filter() {
  cat >>CMakeLists.txt <<'CMAKE'
add_subdirectory(bench)
CMAKE
  mkdir bench
  echo 'add_executable(step_bench ../cli/main.cpp)' >bench/CMakeLists.txt
  run ./titan bench Adam
  expect_status 0
  expect_output "program in project [--benchmark_filter=Adam]"
}

case_bench_without_benchmarks_fails() {
  mkdir bench
  touch bench/CMakeLists.txt
  echo 'add_subdirectory(bench)' >>CMakeLists.txt
  run ./titan bench
  expect_status 1
  expect_errors_have "has no benchmark"
}
