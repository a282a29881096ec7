# Cases: system packages and LibTorch. Sourced by launcher_test.sh.
# shellcheck shell=bash disable=SC2016,SC2154

# A python whose torch is not the one of the active environment, and whose `pip install --target T` makes a torch folder.
stand_in_pip() {
  stand_in python3 <<SCRIPT
if [[ \$* == *"-m pip install"* ]]; then
  echo "\$*" >>"$scratch/pip_calls"
  $1
  while [[ \$1 != --target ]]; do shift; done
  mkdir -p "\$2/torch/lib" "\$2/torch/include/ATen/core"
  touch "\$2/torch/include/ATen/core/Tensor.h"
  cp "$scratch/empty.so" "\$2/torch/lib/libtorch_cpu.so"
elif [[ \$* == *importlib* ]]; then
  exit 1
elif [[ \$* == *"import sys, pip"* ]]; then
  exit 0
fi
SCRIPT
  rm -f "$scratch/pip_calls"
}

case_missing_packages_are_named_with_the_command_where_root_is_needed() {
  hide_command ninja
  become_a_user_without_sudo
  run ./titan train
  expect_status 1
  expect_output ""
  expect_errors_have "system packages are missing"
  expect_errors_have "  sudo apt-get update && sudo apt-get install -y ninja-build"
  expect_no_file build/release
}

case_a_missing_header_names_its_package() {
  become_a_user_without_sudo
  sed -i 's/zlib\.h:/no_such_header.h:/; s/pcre2\.h:/nor_this.h:/' cmake/setup.sh
  run ./titan
  expect_status 1
  expect_errors_have "sudo apt-get install -y libpcre2-dev zlib1g-dev"
}

case_missing_packages_are_installed_by_root() {
  hide_command ninja
  local ninja
  ninja=$(PATH=$all_commands command -v ninja)
  stand_in id <<<'echo 0'
  # Installing makes ninja appear.
  stand_in apt-get <<<"echo \"\$*\" >>$scratch/apt_calls; case \"\$*\" in *install*) ln -s $ninja $scratch/stand_ins/ninja ;; esac"
  run ./titan train
  expect_status 0
  expect_errors_have "installing system packages: ninja-build"
  [[ $(<"$scratch/apt_calls") == *"update"*"install ninja-build" ]] || broken "apt-get got: $(<"$scratch/apt_calls")"
}

case_what_is_only_wanted_stops_nobody() {
  hide_command ccache
  become_a_user_without_sudo
  run ./titan train
  expect_status 0
}

case_the_torch_of_the_active_python_is_used() {
  local packages=$scratch/packages
  rm -rf "$packages" build/deps
  mkdir -p "$packages/torch-2.11.0.dist-info"
  printf 'Metadata-Version: 2.1\nName: torch\nVersion: 2.11.0\n' >"$packages/torch-2.11.0.dist-info/METADATA"
  make_torch "$packages/torch"
  echo 'raise RuntimeError("imported")' >"$packages/torch/__init__.py"
  run env PYTHONPATH="$packages" ./titan
  expect_status 0
  expect_errors_have "using the torch 2.11 of the active python: $packages/torch"
  # Gone again: set up anew at the next start.
  rm -rf "$packages"
  stand_in_pip ""
  run ./titan
  expect_status 0
  [[ $(<build/release/configured_with) == "$project/build/deps/python/torch" ]] || broken "not configured with the new folder"
}

case_another_version_of_torch_is_not_used() {
  local packages=$scratch/packages
  rm -rf "$packages" build/deps
  mkdir -p "$packages/torch-2.10.0.dist-info"
  printf 'Metadata-Version: 2.1\nName: torch\nVersion: 2.10.0\n' >"$packages/torch-2.10.0.dist-info/METADATA"
  make_torch "$packages/torch"
  stand_in python3 <<'SCRIPT'
if [[ $* == *"-m pip"* ]]; then exit 1; fi
if [[ $* == *"import sys, pip"* ]]; then exit 0; fi
real python3 "$@"
SCRIPT
  run env PYTHONPATH="$packages" ./titan
  expect_status 1
  expect_errors_have "pip could not install LibTorch"
}

case_libtorch_is_downloaded_without_its_dependencies() {
  rm -r build/deps
  stand_in_pip ""
  run ./titan
  expect_status 0
  [[ $(<"$scratch/pip_calls") == *--no-deps*--target*torch_requirements.txt ]] || broken "pip got: $(<"$scratch/pip_calls")"
  expect_file build/deps/python/torch/lib/libtorch_cpu.so
  expect_no_file build/deps/staging
}

case_an_interrupted_download_is_started_over() {
  rm -r build/deps
  stand_in_pip 'mkdir -p "${@: -3:1}/torch/lib"; kill -9 $PPID; exit 1'
  run ./titan
  [[ $status != 0 ]] || broken "a killed start succeeded"
  expect_no_file build/deps/python
  expect_no_file build/deps/torch_dir
  stand_in_pip ""
  run ./titan
  expect_status 0
}

case_too_little_space_for_the_download_is_said_before_it() {
  rm -r build/deps
  stand_in_pip ""
  stand_in df <<<'echo header; echo "disk 10000 9000 1000 90% /"'
  run ./titan
  expect_status 1
  expect_errors_have "downloading LibTorch needs 4096 MiB free"
  expect_errors_have "1000 MiB are"
  expect_no_file "$scratch/pip_calls"
}

case_a_libtorch_that_does_not_load_is_refused() {
  rm -r build/deps
  stand_in_pip ""
  stand_in ldd <<<'echo "libcudart.so.13 => not found"'
  run ./titan
  expect_status 1
  expect_errors_have "libcudart.so.13 => not found"
  expect_no_file build/deps/torch_dir
}
