"""Golden files: JSON with the command that regenerates it inside."""

import json
import os
import sys


def write(path, content):
    """Writes `content` and the command line of this process, under a temporary name first."""
    command = " ".join(["python", os.path.relpath(sys.argv[0]), *sys.argv[1:]])
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path + ".tmp", "w") as file:
        json.dump({"command": command, **content}, file, indent=1)
        file.write("\n")
    os.replace(path + ".tmp", path)


def tokens(vocab_size, step, batch, count):
    """Synthetic tokens: row r of step s at position i is ((r + batch s + 1) (7 i + 21) + 11 (i // 5)) mod min(vocab_size, 97).

    At most 97 of the tokens occur, so a model has something to learn within a few steps.
    """
    rows = [r + batch * step + 1 for r in range(batch)]
    return [[(row * (7 * i + 21) + 11 * (i // 5)) % min(vocab_size, 97) for i in range(count)] for row in rows]
