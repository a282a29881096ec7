#!/usr/bin/env bash
# launcher_test.sh SOURCE_DIR: runs ./titan in a small project. Nothing is downloaded and no package is installed: pip, apt-get, id
# and df are stood in for by scripts where a case needs them.
set -euo pipefail
source_dir=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset WORLD_SIZE TORCHELASTIC_RUN_ID SLURM_PROCID TITAN_NO_BUILD TITAN_PRESET RANK PYTHONPATH PIP_TARGET
unset CMAKE_BUILD_PARALLEL_LEVEL NINJA_STATUS
export CCACHE_DISABLE=1
# shellcheck source=tests/launcher/expectations.sh
source "$source_dir/tests/launcher/expectations.sh"

# A fresh project in $project, with a torch folder that is as good as set up.
new_project() {
  project=$scratch/project
  rm -rf "$project"
  mkdir -p "$project/cmake" "$project/build/deps"
  cp -r "$source_dir/tests/launcher/project/." "$project"
  cp "$source_dir/titan" "$source_dir/CMakePresets.json" "$project"
  cp "$source_dir"/cmake/{setup.sh,build.sh,torch_requirements.txt} "$project/cmake"
  make_torch "$scratch/torch"
  echo "$scratch/torch" >"$project/build/deps/torch_dir"
  cd "$project"
}

# What ./titan looks for in a torch folder: headers, and a library that loads.
make_torch() {
  mkdir -p "$1/include/ATen/core" "$1/lib"
  touch "$1/include/ATen/core/Tensor.h"
  if [[ ! -e $scratch/empty.so ]]; then echo | "${CXX:-g++}" -shared -fPIC -x c++ - -o "$scratch/empty.so"; fi
  cp "$scratch/empty.so" "$1/lib/libtorch_cpu.so"
}

# Puts a script of this name before all others in PATH. `real NAME` in it is the one that it hides.
stand_in() {
  local file=$scratch/stand_ins/$1
  mkdir -p "$scratch/stand_ins"
  {
    # shellcheck disable=SC2016
    printf '#!/usr/bin/env bash\nreal() { PATH=%q "$@"; }\n' "$all_commands"
    cat
  } >"$file"
  chmod +x "$file"
  export PATH=$scratch/stand_ins:$commands
}

# Leaves in $commands a PATH in which one command does not exist.
hide_command() {
  local folder folders
  commands=$scratch/all_but_$1
  rm -rf "$commands"
  mkdir "$commands"
  IFS=: read -ra folders <<<"$all_commands"
  for folder in "${folders[@]}"; do
    # Of two commands of the same name the first is linked, as in PATH; the second link fails.
    find "$folder/" -maxdepth 1 ! -type d ! -name "$1" -exec ln -s -t "$commands" {} + 2>/dev/null || true
  done
  export PATH=$commands
}

become_a_user_without_sudo() {
  stand_in id <<<'echo 1000'
  stand_in sudo <<<'exit 1'
}

restore_commands() {
  rm -rf "$scratch/stand_ins"
  commands=$all_commands
  export PATH=$all_commands
}
readonly all_commands=$PATH

for cases in "$source_dir"/tests/launcher/cases_*.sh; do
  # shellcheck disable=SC1090
  source "$cases"
done
for case in $(declare -F | awk '$3 ~ /^case_/ { print $3 }'); do
  current=$case
  restore_commands
  new_project
  "$case"
  echo "ok  ${case#case_}"
done
