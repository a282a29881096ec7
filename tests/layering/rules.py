"""The rules of DESIGN section 3 and of CONVENTIONS that a reader of text can check: which file may include or say what."""

import re

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60

# A top directory may include these top directories; one that is not listed may include all.
DIRECTIONS = {
    "runtime": {"runtime"},
    "models": {"models", "runtime"},
    "sim": {"sim", "runtime"},
    "estimator": {"estimator", "runtime", "sim"},
}
PRODUCT = set(DIRECTIONS) | {"validate", "cli"}
CHECKED = PRODUCT | {"bench", "cmake", "configs", "docs", "tests", ".ci"}

# Path prefixes that compile without LibTorch; TIER0_EXCEPT takes files out again.
TIER0 = re.compile(
    r"runtime/(config/|mesh/|files/|data/tokenizer/|recompute/(op_call|memory_budget|pareto_svg)\.|parallel/pipeline/schedule)"
    r"|sim/(trace|memory|profile|replay)/|estimator/(hardware/|cost/|analytic)"
)
TIER0_EXCEPT = re.compile(r"runtime/mesh/device_mesh\.")
LIBTORCH = re.compile(r"(ATen|c10|torch|caffe2)/")

HEAVY = re.compile(r"torch/(all|extension|nn|optim|torch)\.h|torch/(nn|optim)/|ATen/(ATen|Functions)\.h")

# All that a header may include of LibTorch.
LIGHT_IN_HEADERS = re.compile(r"ATen/core/Tensor\.h|c10/(core|util|macros)/")

# (name, included path, files that may include it, how many files may at most).
CONFINED = [
    ("toml++", re.compile(r"toml\+\+/"), re.compile(r"runtime/config/\w+\.cpp"), 1),
    ("CLI11", re.compile(r"CLI/"), re.compile(r"(cli|runtime/config)/\w+\.cpp"), 1),
    ("c10d", re.compile(r"torch/csrc/distributed/|gloo/"), re.compile(r"runtime/comm/(gloo_\w+|rendezvous)\.cpp"), None),
    ("CUDA", re.compile(r"cuda|nccl|nvtx|ATen/cuda/|c10/cuda/"), re.compile(r"runtime/(\w+/)?cuda/"), None),
    ("PCRE2", re.compile(r"pcre2"), re.compile(r"runtime/data/tokenizer/\w+\.cpp"), 1),
    ("libcurl", re.compile(r"curl/"), re.compile(r"cli/\w+\.cpp"), 1),
]

# Device values reach the host through Platform::read only.
HOST_READ = re.compile(r"(\.|->)\s*item\s*(<[^>;]*>)?\s*\(")
HOST_READ_ALLOWED = re.compile(r"runtime/platform/")

SIMULATION = re.compile(r"(?<![A-Za-z])([sS]im(?![a-z])|SIM(?![A-Za-z]))|[sS]imulat|SIMULAT")
VAGUE_NAME = re.compile(r"(^|_)(utils?|helpers?|common|misc|managers?)(_|\.|$)")
MACHINE_PATH = re.compile(r"(?<![\w.~$})-])/(home|work|tmp|farm|root|Users)/\w")
