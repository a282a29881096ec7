#!/usr/bin/env python3
"""check_layering.py ROOT: reports every place that breaks a rule of rules.py, one per line; exit status 1 if there is any."""

import os
import re
import sys
from pathlib import Path

import rules

SOURCE_SUFFIXES = {".h", ".cpp", ".cu", ".cuh"}
NOT_OURS = {".git"}  # a file in a git worktree
TEXT_SUFFIXES = SOURCE_SUFFIXES | {".inc", ".py", ".sh", ".cmake", ".in", ".txt", ".md", ".toml", ".json", ".supp", ""}
CODE_SUFFIXES = SOURCE_SUFFIXES | {".py", ".sh", ".cmake"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.M)
NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', re.S)
NOT_A_FUNCTION = re.compile(r"(namespace|class|struct|enum|union|extern|template|using|#|//|/\*|})")


def top(path):
    return path.split("/")[0]


def is_header(path):
    return path.endswith((".h", ".cuh"))


def is_tier0(path):
    return bool(rules.TIER0.match(path)) and not rules.TIER0_EXCEPT.match(path)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


class Tree:
    """The checked files of a source tree: path from the root -> text."""

    def __init__(self, root):
        self.texts = {}
        for folder, names, files in os.walk(root):
            relative = Path(folder).relative_to(root).as_posix()
            names[:] = sorted(n for n in names if n != "__pycache__" and (relative != "." or n in rules.CHECKED))
            for name in sorted(files):
                path = name if relative == "." else f"{relative}/{name}"
                if Path(name).suffix in TEXT_SUFFIXES and path not in NOT_OURS:
                    self.texts[path] = (Path(folder) / name).read_text(encoding="utf-8", errors="replace")

    def sources(self, tops=None):
        for path, text in self.texts.items():
            if Path(path).suffix in SOURCE_SUFFIXES and (tops is None or top(path) in tops):
                yield path, text

    def includes(self, path):
        """Yields (line, included path, whether it is in quotes)."""
        for match in INCLUDE.finditer(self.texts[path]):
            yield line_of(self.texts[path], match.start()), match[2], match[1] == '"'


def check_directions(tree):
    for path, _ in tree.sources():
        allowed = rules.DIRECTIONS.get(top(path))
        for line, name, quoted in tree.includes(path):
            if quoted and name not in tree.texts:
                yield f'{path}:{line}: "{name}" is no path from the root'
            elif quoted and allowed and top(name) in rules.CHECKED and top(name) not in allowed:
                yield f"{path}:{line}: {top(path)} may not include {name}"


def reached(tree, path):
    """Maps each LibTorch header that `path` includes, itself or through our headers, to the chain that leads to it."""
    chains, seen, queue = {}, {path}, [(path, [path])]
    while queue:
        current, chain = queue.pop()
        for _, name, _ in tree.includes(current):
            if rules.LIBTORCH.match(name):
                chains.setdefault(name, chain)
            elif name in tree.texts and name not in seen:
                seen.add(name)
                queue.append((name, chain + [name]))
    return chains


def check_tier0(tree):
    for path, _ in tree.sources(rules.PRODUCT):
        if is_tier0(path):
            for name, chain in reached(tree, path).items():
                yield f"{path}: tier 0 includes {name} (through {' -> '.join(chain)})"


def check_heavy(tree):
    for path, _ in tree.sources():
        for line, name, _ in tree.includes(path):
            if rules.HEAVY.match(name):
                yield f"{path}:{line}: heavy include {name}"
            elif top(path) in rules.PRODUCT and is_header(path) and rules.LIBTORCH.match(name):
                if not rules.LIGHT_IN_HEADERS.match(name):
                    yield f"{path}:{line}: a header may not include {name}"


def check_confined(tree):
    for package, included, allowed, most in rules.CONFINED:
        users = []
        for path, _ in tree.sources(rules.PRODUCT):
            lines = [line for line, name, _ in tree.includes(path) if included.match(name)]
            if lines and allowed.match(path):
                users.append(path)
            elif lines:
                yield f"{path}:{lines[0]}: {package} may not be included here"
        if most is not None and len(users) > most:
            yield f"{package} is included by {len(users)} files (allowed: {most}): {', '.join(users)}"


def check_host_reads(tree):
    for path, text in tree.sources(rules.PRODUCT):
        if rules.HOST_READ_ALLOWED.match(path):
            continue
        code = NOT_CODE.sub(lambda m: "\n" * m[0].count("\n"), text)
        for match in rules.HOST_READ.finditer(code):
            yield f"{path}:{line_of(code, match.start())}: .item() outside the platform"


def check_words(tree):
    for path, text in tree.texts.items():
        if top(path) == "runtime":
            for match in rules.SIMULATION.finditer(path + "\n" + text):
                yield f"{path}:{line_of(text, max(0, match.start() - len(path) - 1))}: the runtime speaks of '{match[0]}'"
        for match in rules.MACHINE_PATH.finditer(text):
            yield f"{path}:{line_of(text, match.start())}: a path of one machine: {match[0]}..."


def check_names(tree):
    for path in tree.texts:
        if any(rules.VAGUE_NAME.search(part) for part in path.split("/")):
            yield f"{path}: a file is named after its concept, not utils, helpers, common, misc or manager"


def check_pragma_once(tree):
    for path, text in tree.sources():
        if is_header(path) and "#pragma once" not in text:
            yield f"{path}: no #pragma once"


def functions(text):
    """Yields (first line, lines) of function definitions at namespace scope, as clang-format lays them out."""
    lines, start, is_function = text.split("\n"), None, False
    for number, line in enumerate(lines, 1):
        if start is None and line[:1].strip() and not NOT_A_FUNCTION.match(line):
            start, is_function = number, False
        if start is None:
            continue
        opening = line.rstrip().endswith("{")
        if opening and not is_function:
            is_function = "(" in "".join(lines[start - 1 : number]) and not line.rstrip().endswith(("= {", "={"))
        if line.startswith("}"):
            if is_function:
                yield start, number - start + 1
            start = None
        elif not opening and not is_function and line.rstrip().endswith((";", "}")):
            start = None


def check_sizes(tree):
    for path, text in tree.texts.items():
        lines = text.count("\n")
        if (Path(path).suffix in CODE_SUFFIXES or path == "titan") and lines > rules.MAX_FILE_LINES:
            yield f"{path}: {lines} lines (allowed: {rules.MAX_FILE_LINES})"
    for path, text in tree.sources():
        for first, lines in functions(text):
            if lines > rules.MAX_FUNCTION_LINES:
                yield f"{path}:{first}: a function of {lines} lines (allowed: {rules.MAX_FUNCTION_LINES})"


CHECKS = [
    check_directions,
    check_tier0,
    check_heavy,
    check_confined,
    check_host_reads,
    check_words,
    check_names,
    check_pragma_once,
    check_sizes,
]


def violations(root):
    tree = Tree(root)
    return [found for check in CHECKS for found in check(tree)]


def main():
    root = Path(sys.argv[1])
    found = violations(root)
    print("\n".join(found))
    sources = len(list(Tree(root).sources()))
    print(f"{len(found)} violations in {sources} sources")
    if not sources:
        sys.exit(f"{root}: no sources found")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
