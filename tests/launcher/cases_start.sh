# Cases: starting the program. Sourced by launcher_test.sh.
# shellcheck shell=bash disable=SC2154,SC2164  # launcher_test.sh has set -e

case_first_start_builds_then_becomes_the_program() {
  run ./titan train --config x 'two words'
  expect_status 0
  expect_output "program in project [train] [--config] [x] [two words]"
  expect_errors_have "titan: configuring build/release"
  expect_errors_have "titan: building: "
  [[ $(<build/release/configured_with) == "$scratch/torch" ]] || broken "not configured with the torch folder"
}

case_the_programs_exit_status_is_the_status() {
  run ./titan status 3
  expect_status 3
}

case_second_start_runs_no_build_tool_and_costs_less_than_a_tenth_of_a_second() {
  run ./titan
  local tool start best=1000000 took
  for tool in cmake ninja python3 git; do stand_in "$tool" <<<"echo $tool >>$scratch/called; exit 1"; done
  for _ in 1 2 3 4 5; do
    start=${EPOCHREALTIME/[.,]/}
    run ./titan train
    took=$((${EPOCHREALTIME/[.,]/} - start))
    if ((took < best)); then best=$took; fi
    expect_status 0
    expect_errors ""
  done
  expect_no_file "$scratch/called"
  echo "    a start takes $((best / 1000)) ms, the program included"
  ((best < 100000)) || broken "a start takes $best us"
}

case_a_changed_source_is_built_before_the_next_start() {
  run ./titan
  sed -i 's/program in/changed in/' cli/main.cpp
  run ./titan
  expect_output "changed in project"
}

case_a_broken_source_stops_the_start_with_the_compilers_message() {
  run ./titan
  echo 'int broken = no_such_name;' >>cli/main.cpp
  run ./titan
  expect_status 1
  expect_output ""
  expect_errors_have "no_such_name"
  expect_errors_have "titan: the build failed"
  sed -i '$d' cli/main.cpp
  run ./titan
  expect_status 0
}

case_it_runs_from_anywhere_and_through_a_link() {
  mkdir -p "$scratch/elsewhere"
  ln -sf "$project/titan" "$scratch/elsewhere/linked"
  cd "$scratch/elsewhere"
  run ./linked train
  expect_output "program in elsewhere [train]"
}

case_a_rank_of_a_job_never_builds() {
  local variable
  for variable in WORLD_SIZE=2 SLURM_PROCID=0 TORCHELASTIC_RUN_ID=none TITAN_NO_BUILD=1; do
    run env "$variable" ./titan train
    expect_status 1
    expect_errors "titan: build/release/bin/titan is missing and a rank of a running job does not build; run './titan build' first"
    expect_no_file build/release
  done
  run ./titan build
  sed -i 's/program in/changed in/' cli/main.cpp
  run env WORLD_SIZE=2 RANK=0 ./titan train
  expect_output "program in project [train]"
}

case_a_rank_alone_is_no_sign_of_a_job() {
  run env COMM_MODE=fake_backend RANK=511 ./titan train
  expect_status 0
}

case_a_second_start_waits_for_the_one_that_builds() {
  local holder
  flock build/.lock sleep 1.5 &
  holder=$!
  while flock -n build/.lock true; do sleep 0.01; done
  run ./titan
  wait "$holder"
  expect_status 0
  expect_errors_have "titan: another titan is setting up or building here; waiting for it"
  expect_output "program in project"
}

case_two_first_starts_at_once_both_succeed() {
  ./titan one >"$scratch/one" 2>&1 &
  local other=$!
  run ./titan two
  wait "$other" || broken "the other start failed: $(<"$scratch/one")"
  expect_status 0
  expect_output "program in project [two]"
  [[ $(<"$scratch/one") == *"program in project [one]" ]] || broken "the other start said: $(<"$scratch/one")"
}
