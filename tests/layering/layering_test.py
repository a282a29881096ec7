"""Breaks every rule once in a small tree and expects exactly that report; what is allowed must pass."""

import tempfile
import unittest
from pathlib import Path

import check_layering
import rules

HEADER = "#pragma once\n"
FILE_LIMIT, FUNCTION_LIMIT = rules.MAX_FILE_LINES, rules.MAX_FUNCTION_LINES

CLEAN = {
    "runtime/config/toml_file.cpp": "#include <toml++/toml.h>\n",
    "runtime/mesh/shard_spec.h": HEADER + "#include <vector>\n",
    "runtime/mesh/device_mesh.h": HEADER + "#include <ATen/core/Tensor.h>\n",
    "runtime/comm/gloo_channel.cpp": "#include <torch/csrc/distributed/c10d/TCPStore.hpp>\n",
    "runtime/platform/cpu_platform.cpp": "double read(const at::Tensor& t) { return t.item<double>(); }\n",
    "runtime/ops/adamw.cpp": "// SIMD lanes, a simple loop, similar to no other\nint simd = 1;\n// t.item() is for the platform\n",
    "models/registry.cpp": '#include "runtime/mesh/shard_spec.h"\n',
    "sim/device/allocator.h": HEADER + '#include "runtime/mesh/device_mesh.h"\n',
    "estimator/simulate.cpp": '#include "sim/device/allocator.h"\n',
    "cli/main.cpp": '#include <CLI/CLI.hpp>\n#include "sim/device/allocator.h"\n#include "runtime/mesh/shard_spec.h"\n',
    "tests/mesh_test.cpp": "int f(at::Tensor t) { return t.item<int>(); }\n",
}


def function(lines):
    return "int f(int a,\n      int b) {\n" + "  a += b;\n" * (lines - 3) + "}\n"


# (what is broken, the file that breaks it, its text, the report)
BROKEN = [
    ("runtime includes models", "runtime/nn/a.cpp", '#include "models/registry.cpp"\n', "nn/a.cpp:1: runtime may not include models/"),
    ("runtime includes cli", "runtime/nn/a.cpp", '\n#include "cli/main.cpp"\n', "nn/a.cpp:2: runtime may not include cli/"),
    ("models include sim", "models/a.cpp", '#include "sim/device/allocator.h"\n', "models may not include sim/"),
    ("sim includes estimator", "sim/a.cpp", '#include "estimator/simulate.cpp"\n', "sim may not include estimator/"),
    ("sim includes a model", "sim/a.cpp", '#include "models/registry.cpp"\n', "sim may not include models/"),
    ("estimator includes a model", "estimator/a.cpp", '#include "models/registry.cpp"\n', "estimator may not include models/"),
    ("product includes tests", "models/a.cpp", '#include "tests/mesh_test.cpp"\n', "models may not include tests/"),
    ("relative include", "runtime/mesh/a.cpp", '#include "shard_spec.h"\n', '"shard_spec.h" is no path from the root'),
    ("tier 0 includes LibTorch", "runtime/config/a.h", HEADER + "#include <ATen/core/Tensor.h>\n", "tier 0 includes ATen/core"),
    ("tier 0 reaches LibTorch", "runtime/config/a.cpp", '#include "runtime/mesh/device_mesh.h"\n', "a.cpp -> runtime/mesh/device_mesh.h)"),
    ("tier 0 in sim", "sim/replay/a.cpp", "#include <c10/util/Exception.h>\n", "sim/replay/a.cpp: tier 0 includes c10/"),
    ("tier 0 in estimator", "estimator/cost/a.cpp", "#include <torch/csrc/x.h>\n", "cost/a.cpp: tier 0 includes torch/"),
    ("torch.h", "tests/a.cpp", "#include <torch/torch.h>\n", "heavy include torch/torch.h"),
    ("torch nn", "models/a.cpp", "#include <torch/nn.h>\n", "heavy include torch/nn.h"),
    ("torch optim", "models/a.cpp", "#include <torch/optim.h>\n", "heavy include torch/optim.h"),
    ("ATen.h", "bench/a.cpp", "#  include <ATen/ATen.h>\n", "heavy include ATen/ATen.h"),
    ("operator in a header", "models/a.h", HEADER + "#include <ATen/ops/mm.h>\n", "a header may not include ATen/ops/mm.h"),
    ("toml++ elsewhere", "cli/a.cpp", "#include <toml++/toml.h>\n", "cli/a.cpp:1: toml++ may not be included here"),
    ("toml++ in a header", "runtime/config/a.h", HEADER + "#include <toml++/toml.h>\n", "a.h:2: toml++ may not be included"),
    ("toml++ twice", "runtime/config/a.cpp", "#include <toml++/toml.h>\n", "toml++ is included by 2 files (allowed: 1)"),
    ("CLI11 elsewhere", "models/a.cpp", "#include <CLI/CLI.hpp>\n", "CLI11 may not be included here"),
    ("CLI11 twice", "cli/a.cpp", "#include <CLI/CLI.hpp>\n", "CLI11 is included by 2 files (allowed: 1)"),
    ("c10d elsewhere", "runtime/comm/a.cpp", "#include <torch/csrc/distributed/c10d/Store.hpp>\n", "c10d may not be"),
    ("gloo elsewhere", "runtime/comm/a.cpp", "#include <gloo/context.h>\n", "c10d may not be included here"),
    ("CUDA elsewhere", "runtime/ops/a.cpp", "#include <cuda_runtime.h>\n", "CUDA may not be included here"),
    ("PCRE2 elsewhere", "runtime/data/a.cpp", "#include <pcre2.h>\n", "PCRE2 may not be included here"),
    ("libcurl elsewhere", "runtime/data/a.cpp", "#include <curl/curl.h>\n", "libcurl may not be included here"),
    ("item()", "models/a.cpp", "double f(at::Tensor t) {\n  return t.item().toDouble();\n}\n", "a.cpp:2: .item() outside"),
    ("item<T>()", "runtime/train/a.cpp", "// x\nauto v = p->item<int64_t>();\n", "train/a.cpp:2: .item() outside the platform"),
    ("the simulator's name", "runtime/nn/a.cpp", "// the Simulated device\n", "the runtime speaks of 'Simulat'"),
    ("a type's name", "runtime/nn/a.cpp", "\nclass SimDevice;\n", "runtime/nn/a.cpp:2: the runtime speaks of 'Sim'"),
    ("part of an identifier", "runtime/nn/a.cpp", "bool is_sim_device;\n", "the runtime speaks of 'sim'"),
    ("a file name", "runtime/nn/sim_mode.h", HEADER, "the runtime speaks of 'sim'"),
    ("utils", "models/utils.h", HEADER, "models/utils.h: a file is named after its concept"),
    ("helpers", "tests/test_helpers.cpp", "", "tests/test_helpers.cpp: a file is named after its concept"),
    ("a folder", "runtime/common/a.h", HEADER, "runtime/common/a.h: a file is named after its concept"),
    ("misc", "cli/misc.cpp", "", "cli/misc.cpp: a file is named"),
    ("manager", "runtime/checkpoint/checkpoint_manager.h", HEADER, "checkpoint_manager.h: a file is named"),
    ("no pragma once", "models/a.h", "int f();\n", "models/a.h: no #pragma once"),
    ("a machine's path", "docs/a.md", "see " + "/home" + "/me/x\n", "docs/a.md:1: a path of one machine"),
    ("a long file", "cli/a.cpp", "int x;\n" * (FILE_LIMIT + 1), f"cli/a.cpp: {FILE_LIMIT + 1} lines"),
    ("a long script", "cmake/a.sh", "true\n" * (FILE_LIMIT + 1), f"cmake/a.sh: {FILE_LIMIT + 1} lines"),
    ("a long function", "cli/a.cpp", "int x;\n" + function(FUNCTION_LIMIT + 1), f"cli/a.cpp:2: a function of {FUNCTION_LIMIT + 1}"),
]

# What looks like a violation and is none.
ALLOWED = [
    ("a file at the limit", "cli/a.cpp", "int x;\n" * FILE_LIMIT),
    ("a function at the limit", "cli/a.cpp", function(FUNCTION_LIMIT)),
    ("a long class", "cli/a.h", HEADER + "class A {\n" + "  int f();\n" * 100 + "};\n"),
    ("a long table", "cli/a.cpp", "const std::vector<Row> kRows = {\n" + "    {f(1), 2},\n" * 100 + "};\n"),
    ("an address on the web", "docs/a.md", "https://example.org" + "/home" + "/x and build" + "/tmp" + "/x\n"),
]


def report(extra):
    with tempfile.TemporaryDirectory() as folder:
        for path, text in {**CLEAN, **extra}.items():
            file = Path(folder) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return check_layering.violations(folder)


class Layering(unittest.TestCase):
    def test_a_clean_tree_has_no_violations(self):
        self.assertEqual(report({}), [])

    def test_each_rule_reports_its_violation_and_nothing_else(self):
        for what, path, text, expected in BROKEN:
            with self.subTest(what):
                found = report({path: text})
                self.assertTrue(found and all(expected in line for line in found), f"want '{expected}', got {found}")

    def test_what_is_allowed_is_not_reported(self):
        for what, path, text in ALLOWED:
            with self.subTest(what):
                self.assertEqual(report({path: text}), [])

    def test_every_check_is_broken_by_some_case(self):
        for check in check_layering.CHECKS:
            without = [c for c in check_layering.CHECKS if c is not check]
            original, check_layering.CHECKS = check_layering.CHECKS, without
            try:
                missed = [what for what, path, text, _ in BROKEN if not report({path: text})]
            finally:
                check_layering.CHECKS = original
            self.assertTrue(missed, f"no case needs {check.__name__}")


if __name__ == "__main__":
    unittest.main()
