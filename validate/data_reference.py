#!/usr/bin/env python3
"""Deals, tokenises and packs text like runtime/data, written a second time from its rules and slow on purpose.

    from data_reference import batches
    for tokens, labels in batches("tests/assets/c4_test", "tests/assets/tokenizer/tokenizer.json", 2048, 8): ...

gives the global batches of a training run without end: two lists of `global_batch_size` rows of `seq_len` ids. Needs the
`tokenizers` package (validate/requirements.txt). As a program it writes the golden file of tests/runtime/data:

    python3 validate/data_reference.py --golden tests/runtime/data/golden/batches.json
"""
import argparse
import gzip
import itertools
import json
import struct
from pathlib import Path

SUFFIXES = (".jsonl", ".json", ".txt")


def find_files(dataset_path):
    """A file, or a folder's files in the order of their names."""
    path = Path(dataset_path)
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.iterdir() if file.name.removesuffix(".gz").endswith(SUFFIXES))


def read_documents(path):
    """Returns the texts of one file: "text" of each JSON line, or what stands between the blank lines of plain text."""
    opener = gzip.open if path.name.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8", newline="\n") as file:
        lines = [line.rstrip("\n").removesuffix("\r") for line in file]
    if not path.name.removesuffix(".gz").endswith(".txt"):
        return [json.loads(line)["text"] for line in lines if line.strip(" \t")]
    groups = itertools.groupby(lines, key=lambda line: bool(line.strip(" \t")))
    return ["\n".join(group) for filled, group in groups if filled]


def token_stream(files, encode, shard, num_shards):
    """Yields the tokens of one virtual shard, pass after pass. `files` holds a list of texts per file."""
    if len(files) >= num_shards:  # files are dealt
        own = [text for file in files[shard::num_shards] for text in file]
        while True:
            for text in own:
                yield from encode(text)
    everything = [text for file in files for text in file]
    if len(everything) >= num_shards:  # documents are dealt
        while True:
            for text in everything[shard::num_shards]:
                yield from encode(text)
    # Fewer documents than shards: all of them in a ring; who starts at the same document starts at different tokens of it.
    start = shard % len(everything)
    together = [other for other in range(num_shards) if other % len(everything) == start]
    head = encode(everything[start])
    yield from head[together.index(shard) * len(head) // len(together):]
    while True:
        start = (start + 1) % len(everything)
        yield from encode(everything[start])


def dealt_batches(dataset_path, encode, seq_len, global_batch_size):
    files = [read_documents(path) for path in find_files(dataset_path)]
    streams = [token_stream(files, encode, shard, global_batch_size) for shard in range(global_batch_size)]
    while True:
        rows = [list(itertools.islice(stream, seq_len + 1)) for stream in streams]
        yield [row[:-1] for row in rows], [row[1:] for row in rows]


def special_id(tokenizer, folder, name):
    """The id of bos_token or eos_token of tokenizer_config.json; it is a string or holds one as "content"."""
    config = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    token = config[name]
    return tokenizer.token_to_id(token["content"] if isinstance(token, dict) else token)


def document_encoder(tokenizer_json):
    """Returns text -> ids with one begin- and one end-of-text token."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(tokenizer_json))
    folder = Path(tokenizer_json).parent
    begin, end = (special_id(tokenizer, folder, name) for name in ("bos_token", "eos_token"))
    return lambda text: [begin, *tokenizer.encode(text, add_special_tokens=False).ids, end]


def batches(dataset_path, tokenizer_json, seq_len, global_batch_size):
    """Yields (tokens, labels) of each step, for ever: lists [global_batch_size][seq_len] of ids."""
    return dealt_batches(dataset_path, document_encoder(tokenizer_json), seq_len, global_batch_size)


def encode_bytes(text):
    return [256, *text.encode(), 257]


def fingerprint(tokens, labels):
    """FNV-1a, 64 bits, over the ids as little-endian int64: all rows of tokens, then of labels."""
    value = 0xCBF29CE484222325
    for row in tokens + labels:
        for byte in struct.pack(f"<{len(row)}q", *row):
            value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{value:016x}"


GOLDEN_CASES = [  # dataset_path, tokens, seq_len, global_batch_size, number of batches
    ("tests/assets/c4_test", "tokenizer", 128, 4, 12),
    ("tests/assets/c4_test", "tokenizer", 63, 3, 12),
    ("tests/assets/c4_test", "bytes", 32, 5, 12),
    ("tests/runtime/data/golden/folder", "tokenizer", 31, 2, 12),  # files are dealt
    ("tests/runtime/data/golden/folder", "bytes", 31, 3, 30),  # files are dealt
    ("tests/runtime/data/golden/folder", "bytes", 31, 5, 30),  # documents are dealt
    ("tests/runtime/data/golden/folder", "bytes", 31, 32, 30),  # fewer documents than shards
]


def write_golden(path):
    root = Path(__file__).resolve().parent.parent
    encoders = {"bytes": encode_bytes, "tokenizer": document_encoder(root / "tests/assets/tokenizer/tokenizer.json")}
    cases = []
    for dataset, encoder, seq_len, global_batch_size, count in GOLDEN_CASES:
        steps = itertools.islice(dealt_batches(root / dataset, encoders[encoder], seq_len, global_batch_size), count)
        cases.append({"dataset_path": dataset, "encoder": encoder, "seq_len": seq_len,
                      "global_batch_size": global_batch_size, "batches": [fingerprint(*step) for step in steps]})
    command = "python3 validate/data_reference.py --golden tests/runtime/data/golden/batches.json"
    path.write_text(json.dumps({"regenerate": command, "cases": cases}, indent=1) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--golden", type=Path, required=True, help="file to write")
    write_golden(parser.parse_args().golden)


if __name__ == "__main__":
    main()
