"""Prints how many MB the Python package `tokenizers` encodes in a second of one processor, and the number of ids: tokenizer_peer.py FOLDER TEXT_FILE [SECONDS].

Documents are the file's chunks of 4096 bytes, as in tokenizer_bench.cpp.
"""

import os
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"

from tokenizers import Tokenizer  # noqa: E402


def main():
    folder, path = sys.argv[1:3]
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 2.0
    tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
    data = open(path, "rb").read()
    documents = [data[i:i + 4096].decode("utf-8", errors="replace") for i in range(0, len(data), 4096)]
    for document in documents:  # warm cache
        tokenizer.encode(document, add_special_tokens=False)
    best = 0.0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.process_time()
        ids = sum(len(tokenizer.encode(document, add_special_tokens=False).ids) for document in documents)
        best = max(best, len(data) / (time.process_time() - start) / 1e6)
    print(f"{best:.3f} {ids}")


if __name__ == "__main__":
    main()
