# Sourced by ./titan: installs what a build needs. Uses $root, say and fail from there.
# shellcheck shell=bash disable=SC2154
# "what is looked for : the package that has it (the same name on Debian 12 and Ubuntu 24.04)"; '?' marks what is only wanted.
readonly needed_commands="${CXX:-g++}:g++ cmake:cmake ninja:ninja-build python3:python3 ?ccache:ccache ?mold:mold"
readonly needed_headers="CLI/CLI.hpp:libcli11-dev toml++/toml.h:libtomlplusplus-dev nlohmann/json.hpp:nlohmann-json3-dev
  eigen3/Eigen/Core:libeigen3-dev gtest/gtest.h:libgtest-dev benchmark/benchmark.h:libbenchmark-dev pcre2.h:libpcre2-dev
  zlib.h:zlib1g-dev curl/curl.h:libcurl4-openssl-dev gloo/context.h:libgloo-dev"
readonly deps=$root/build/deps

have_header() {
  local prefix prefixes=${CMAKE_PREFIX_PATH:-}
  for prefix in ${prefixes//:/ } /usr /usr/local; do
    if compgen -G "$prefix/include/$1" >/dev/null || compgen -G "$prefix/include/*-linux-gnu*/$1" >/dev/null; then return 0; fi
  done
  return 1
}

# Prints the packages whose command or header is absent, the merely wanted ones with their '?'.
missing_packages() {
  local entry name
  for entry in $needed_commands; do
    name=${entry%%:*}
    command -v "${name#\?}" >/dev/null || printf '%s ' "${name%%[!?]*}${entry#*:}"
  done
  for entry in $needed_headers; do
    have_header "${entry%%:*}" || printf '%s ' "${entry#*:}"
  done
  if [[ ! -e $deps/torch_dir ]] && ! active_torch >/dev/null && ! find_python >/dev/null; then printf 'python3-pip '; fi
}

# Prints the prefix for apt-get ("" for root, "sudo" where sudo asks nothing), fails where neither holds.
apt_prefix() {
  command -v apt-get >/dev/null || return 1
  if [[ $(id -u) == 0 ]]; then return 0; fi
  sudo -n true 2>/dev/null && echo sudo
}

install_packages() {
  local names missing required prefix
  names=$(missing_packages)
  read -ra missing <<<"$names"
  ((${#missing[@]})) || return 0
  if prefix=$(apt_prefix); then
    say "installing system packages: ${missing[*]#\?}"
    # A third-party source that is out of reach fails the update but not the installation.
    $prefix apt-get -q update >&2 || say "apt-get update failed; trying the package lists at hand"
    $prefix env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=600 \
      install "${missing[@]#\?}" >&2 || fail "apt-get could not install: ${missing[*]#\?} (its message is above)"
    return 0
  fi
  read -ra required <<<"$(printf '%s\n' "${missing[@]}" | grep -v '^?' | tr '\n' ' ')"
  ((${#required[@]})) || return 0
  say "system packages are missing and installing them needs root; run this, then start again:"
  printf '  sudo apt-get update && sudo apt-get install -y %s\n' "${missing[*]#\?}" >&2
  command -v apt-get >/dev/null || say "(this system has no apt-get: install the same packages with its own tool)"
  exit 1
}

free_mib() { df -Pm "$1" | awk 'NR == 2 { print $4 }'; }

# Prints a python that has pip and for which torch 2.11 has wheels.
find_python() {
  local python
  for python in python3 /usr/bin/python3 python3.1{4,3,2,1,0}; do
    if "$python" -c 'import sys, pip; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; then
      echo "$python"
      return 0
    fi
  done
  return 1
}

# A torch folder is usable when it has the headers and the loader finds everything that libtorch_cpu needs.
usable_torch() {
  local missing
  [[ -e $1/include/ATen/core/Tensor.h && -e $1/lib/libtorch_cpu.so ]] || return 1
  missing=$(ldd "$1/lib/libtorch_cpu.so" 2>&1 | grep 'not found') || return 0
  say "$1 is not usable:" "${missing//$'\n'/,}"
  return 1
}

# Prints the torch folder of the active python if that is version 2.11; finding it imports nothing.
active_torch() {
  local folder
  folder=$(python3 -c '
import importlib.metadata, importlib.util
if not importlib.metadata.version("torch").startswith("2.11."): raise SystemExit(1)
print(importlib.util.find_spec("torch").submodule_search_locations[0])' 2>/dev/null) || return 1
  usable_torch "$folder" 2>/dev/null || return 1
  echo "$folder"
}

# Downloads LibTorch into build/deps/python. Everything happens in build/deps/staging, so that an interrupted run leaves nothing
# under the good name.
download_torch() {
  local python free staging=$deps/staging bar=off
  python=$(find_python) || fail "no python3 with pip for which torch 2.11 has wheels (3.10 to 3.14); found: $(python3 --version 2>&1)"
  rm -rf "$staging"
  mkdir -p "$staging/tmp"
  free=$(free_mib "$staging")
  ((free >= 4096)) || fail "downloading LibTorch needs 4096 MiB free under $deps; $free MiB are"
  if [[ -t 2 ]]; then bar=on; fi
  say "downloading LibTorch 2.11.0 (about 550 MB) into build/deps"
  TMPDIR=$staging/tmp PIP_ROOT_USER_ACTION=ignore "$python" -m pip install --disable-pip-version-check --no-input --progress-bar $bar --no-deps \
    --only-binary=:all: --target "$staging/python" -r "$root/cmake/torch_requirements.txt" >&2 ||
    fail "pip could not install LibTorch (its message is above); nothing was kept, start again once that is solved"
  usable_torch "$staging/python/torch" || fail "the downloaded LibTorch does not load on this system"
  rm -rf "$deps/python"
  mv "$staging/python" "$deps/python"
  rm -rf "$staging"
}

# Leaves in build/deps/torch_dir the torch folder to build with.
set_up_torch() {
  local folder
  if [[ -e $deps/torch_dir && -e $(<"$deps/torch_dir")/lib/libtorch_cpu.so ]]; then return 0; fi
  mkdir -p "$deps"
  if folder=$(active_torch); then
    say "using the torch 2.11 of the active python: $folder"
  else
    folder=$deps/python/torch
    if [[ ! -e $folder/lib/libtorch_cpu.so ]]; then download_torch; fi
  fi
  echo "$folder" >"$deps/torch_dir.tmp"
  mv "$deps/torch_dir.tmp" "$deps/torch_dir"
}

# Creates build/peer, the python environment that titan is compared with.
set_up_peer() {
  local python peer=$root/build/peer
  if [[ -e $peer/.installed && $peer/.installed -nt $root/validate/requirements.txt ]]; then return 0; fi
  python=$(find_python) || fail "no python3 with pip, version 3.10 to 3.14; found: $(python3 --version 2>&1)"
  say "creating the peer environment in build/peer (several GB)"
  rm -f "$peer/.installed"
  "$python" -m venv "$peer" || fail "python3 cannot create environments; on Debian and Ubuntu: apt-get install -y python3-venv"
  PIP_ROOT_USER_ACTION=ignore "$peer/bin/python" -m pip install --disable-pip-version-check --no-input -r "$root/validate/requirements.txt" >&2 ||
    fail "pip could not install validate/requirements.txt (its message is above); start again once that is solved"
  touch "$peer/.installed"
}
