# Sourced by ./titan: configures and builds under a lock, and the commands build, test, bench and peer. Uses $root, $preset, $program.
# shellcheck shell=bash disable=SC2154

# Prints how many compilers may run: a processor and 2 GiB of memory each, control groups included.
parallel_jobs() {
  local jobs kib quota period limit
  if [[ -n ${CMAKE_BUILD_PARALLEL_LEVEL:-} ]]; then
    echo "$CMAKE_BUILD_PARALLEL_LEVEL"
    return
  fi
  jobs=$(nproc)
  kib=$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)
  if read -r quota period 2>/dev/null </sys/fs/cgroup/cpu.max && [[ $quota != max ]]; then
    limit=$(((quota + period - 1) / period))
    if ((limit < jobs)); then jobs=$limit; fi
  fi
  if read -r limit 2>/dev/null </sys/fs/cgroup/memory.max && [[ $limit != max ]] && ((limit / 1024 < kib)); then
    kib=$((limit / 1024))
  fi
  limit=$((kib / (2 * 1024 * 1024)))
  if ((limit < jobs)); then jobs=$limit; fi
  echo $((jobs > 0 ? jobs : 1))
}

# 250 -> "4 min 10 s"
duration() {
  if (($1 >= 60)); then printf '%d min %d s' $(($1 / 60)) $(($1 % 60)); else printf '%d s' "$1"; fi
}

# Turns ninja's status lines into one updating line on a terminal, or a line every ten seconds; other output passes through.
show_progress() {
  local line text finished total elapsed left started=$SECONDS reported=$((SECONDS - 10)) clear=''
  if [[ -t 2 ]]; then clear=$'\r\e[K'; fi
  while IFS= read -r line; do
    if [[ $line =~ ^\[([0-9]+)/([0-9]+)\]\  ]]; then
      finished=${BASH_REMATCH[1]} total=${BASH_REMATCH[2]} elapsed=$((SECONDS - started)) left=''
      if ((finished && elapsed)); then left=", about $(duration $((elapsed * (total - finished) / finished))) left"; fi
      text="building: $((100 * finished / total)) %, $finished of $total$left"
      if [[ -n $clear ]]; then
        printf '%stitan: %s' "$clear" "$text" >&2
      elif ((SECONDS - reported >= 10)); then
        say "$text"
        reported=$SECONDS
      fi
    elif [[ $line != "ninja: Entering directory"* && $line != "ninja: no work to do." && $line != "-- "* ]]; then
      printf '%s%s\n' "$clear" "$line" >&2
    fi
  done
  printf '%s' "$clear" >&2
}

# Configures when it was never done, was interrupted, or when the place, LibTorch or the presets have changed.
configure() {
  local folder=$root/build/$preset torch_dir stamp wanted log fresh=()
  torch_dir=$(<"$root/build/deps/torch_dir")
  stamp=$folder/.configured wanted="$root $torch_dir" log=$root/build/$preset.configure.log
  if [[ -e $stamp && $(<"$stamp") == "$wanted" && $stamp -nt $root/CMakePresets.json && -e $folder/build.ninja ]]; then return 0; fi
  if [[ -e $folder/CMakeCache.txt && (! -e $stamp || $(<"$stamp") != "$root "*) ]]; then fresh=(--fresh); fi
  rm -f "$stamp"
  say "configuring build/$preset"
  if ! (cd "$root" && cmake --preset "$preset" "${fresh[@]}" "-DTITAN_TORCH_DIR=$torch_dir") >"$log" 2>&1; then
    cat "$log" >&2
    fail "configuring failed (the log above is build/$preset.configure.log)"
  fi
  echo "$wanted" >"$stamp"
}

run_ninja() {
  if NINJA_STATUS='[%f/%t] ' ninja -C "$root/build/$preset" -j "$(parallel_jobs)" "$@" 2>&1 | show_progress; then return 0; fi
  (($(free_mib "$root/build") >= 200)) || fail "the build failed: the disk of $root/build is full"
  fail "the build failed (messages above)"
}

# Runs a command holding build/.lock. A second start waits and says so.
with_lock() {
  local lock
  mkdir -p "$root/build"
  exec {lock}>"$root/build/.lock"
  if ! flock -n "$lock"; then
    say "another titan is setting up or building here; waiting for it"
    flock "$lock"
  fi
  "$@"
  exec {lock}>&-
}

# build_locked TARGET...: sets up, configures and builds.
build_locked() { with_lock set_up_and_build "$@"; }

set_up_and_build() {
  local stamp=$root/build/$preset/.program_built
  if [[ "$*" == "$program" ]] && up_to_date; then return 0; fi  # the start that we waited for has built it
  install_packages
  set_up_torch
  configure
  touch "$stamp.begun"  # a source edited while the build runs is newer than this
  run_ninja "$@"
  if [[ "$*" == "$program" ]]; then mv "$stamp.begun" "$stamp"; fi
}

command_build() {
  local started=$SECONDS targets=("$@")
  if ((! $#)); then
    case $preset in
      tsan) targets=(all_tests) ;;
      fuzz) targets=(tests/fuzz/all) ;;
      *) targets=("$program") ;;
    esac
  fi
  build_locked "${targets[@]}"
  say "build/$preset is up to date ($(duration $((SECONDS - started))))"
}

# command_test [CTEST ARGUMENTS]: ctest's status is the status.
command_test() {
  local started=$SECONDS built status=0 run=()
  build_locked all_tests
  built=$((SECONDS - started)) started=$SECONDS
  # Sanitizers of g++ 12 and clang 14 cannot place their shadow where addresses are randomised with 32 bits.
  if [[ $preset =~ ^(asan|tsan|fuzz)$ ]] && setarch -R true 2>/dev/null; then run=(setarch -R); fi
  "${run[@]}" ctest --test-dir "$root/build/$preset" --output-on-failure --no-tests=error -j "$(nproc)" "$@" || status=$?
  printf 'built in %s, tested in %s\n' "$(duration $built)" "$(duration $((SECONDS - started)))"
  return $status
}

# command_bench [FILTER]: runs every benchmark whose name matches. Comparisons with PyTorch need `titan peer` once.
command_bench() {
  local benchmark status=0 found=0
  build_locked bench/all
  if [[ -z ${TITAN_PEER:-} && -e $root/build/peer/.installed ]]; then export TITAN_PEER=$root/build/peer/bin/python; fi
  for benchmark in "$root/build/$preset"/bin/*_bench; do
    if [[ ! -x $benchmark ]]; then continue; fi
    found=1
    "$benchmark" ${1:+"--benchmark_filter=$1"} || status=$?
  done
  ((found)) || fail "build/$preset/bin has no benchmark (*_bench)"
  return $status
}

command_peer() {
  with_lock set_up_peer
  say "the peer environment is ready: $root/build/peer/bin/python"
}
