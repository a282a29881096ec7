"""Runs one suite of compositions.txt and compares its curve with that of one rank on the same global batches.

Usage: run_composition.py PROGRAM SOURCE_FOLDER WORK_FOLDER NAME threads|gloo
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import composition

CONFIG = "debug"
TIMEOUT_S = 120
WORLD_VARIABLES = ["COMM_MODE", "NGPU", "CONFIG_FILE", "LOG_RANK", "RANK", "WORLD_SIZE"]


class Runner:
    def __init__(self, program, source, work):
        self.program, self.source, self.work = Path(program), Path(source), Path(work)

    def train(self, folder, arguments, variables):
        """Trains into an empty dump folder and gives the curve."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        environment = {name: value for name, value in os.environ.items() if name not in WORLD_VARIABLES}
        command = [str(self.program), "train", "--config", CONFIG, "--job.dump_folder", str(folder)]
        result = subprocess.run(command + composition.COMMON + arguments, cwd=self.source, env=environment | variables,
                                capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        if result.returncode != 0:
            sys.exit(f"exit status {result.returncode}\n{result.stdout}{result.stderr}")
        return composition.read_curve((folder / "metrics.jsonl").read_text())

    def reference(self, global_batch):
        """Gives the curve of one rank, trained once for each program and batch."""
        arguments = ["--training.local_batch_size", str(global_batch), "--training.global_batch_size", str(global_batch)]
        folder = self.work / "reference" / self._key(arguments)
        folder.mkdir(parents=True, exist_ok=True)
        curve_file = folder / "curve.json"
        with open(folder / "lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # entries that run together wait for one of them
            if not curve_file.exists():
                curve = self.train(folder / "run", arguments, composition.environment("threads", 1))
                new_file = curve_file.with_suffix(".new")
                new_file.write_text(json.dumps(curve))
                new_file.replace(curve_file)
        return json.loads(curve_file.read_text())

    def _key(self, arguments):
        status = self.program.stat()
        config = (self.source / f"configs/train/llama3_{CONFIG}.toml").read_text()
        identity = [status.st_mtime_ns, status.st_size, config, composition.COMMON, arguments]
        return hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]


def main(program, source, work, name, world):
    table = (Path(__file__).parent / "compositions.txt").read_text()
    one = composition.find(composition.read_table(table), name)
    runner = Runner(program, source, work)
    expected = runner.reference(one.global_batch())
    actual = runner.train(runner.work / f"{name}_{world}", one.overrides, composition.environment(world, one.ngpu))
    fault = composition.find_fault(actual, expected)
    if fault:
        sys.exit(f"{name} on {world}: {fault}")
    print(f"{name} on {world}: loss {actual[0][1]:.5f} -> {actual[-1][1]:.5f} as on one rank")


if __name__ == "__main__":
    main(*sys.argv[1:])
