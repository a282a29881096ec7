"""One suite of compositions.txt: how it is started, which one-rank run it must follow, and how two curves compare."""

import json
import math
from dataclasses import dataclass

# What makes the reference's suites (§12.0: 10 steps of 8 sequences of 2048 tokens per rank, bfloat16) affordable on a processor and their
# curves comparable. A suite's own overrides come after these and win.
COMMON = ["--training.steps", "10", "--training.seq_len", "64", "--training.local_batch_size", "2",
          "--training.mixed_precision_param", "float32"]

LOSS_TOLERANCE = 1e-5  # relative, per step
NORM_TOLERANCE = 1e-4

MODEL_AXES = ["tensor_parallel", "context_parallel", "pipeline_parallel"]


@dataclass
class Composition:
    name: str
    ngpu: int
    worlds: list
    overrides: list

    def global_batch(self):
        """Sequences per step of all ranks."""
        given = int(self._last("--training.global_batch_size", -1))
        return given if given > 0 else int(self._last("--training.local_batch_size", 0)) * self._batch_degree()

    def _batch_degree(self):
        degree = self.ngpu
        for axis in MODEL_AXES:
            degree //= int(self._last(f"--parallelism.{axis}_degree", 1))
        return degree

    def _last(self, option, default):
        arguments = COMMON + self.overrides
        found = [arguments[i + 1] for i, argument in enumerate(arguments) if argument == option]
        return found[-1] if found else default


def read_table(text):
    """Lists the compositions of a table in the form of compositions.txt."""
    compositions = []
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        name, ngpu, worlds, overrides = (field.strip() for field in line.split("|"))
        compositions.append(Composition(name, int(ngpu), worlds.split(), overrides.split()))
    return compositions


def find(compositions, name):
    return next(one for one in compositions if one.name == name)


def environment(world, ngpu):
    """The variables that put `ngpu` ranks on threads of one process, or on processes that talk through Gloo."""
    variables = {"NGPU": str(ngpu)}
    if world == "threads":
        variables["COMM_MODE"] = "local_tensor"
    return variables


def read_curve(metrics_text):
    """Lists (step, loss, gradient norm) of a metrics.jsonl; what is not finite is not JSON's and reads as nan."""
    records = [json.loads(line) for line in metrics_text.splitlines()]
    return [(one["step"], _number(one["loss"]), _number(one["grad_norm"])) for one in records]


def _number(value):
    return float(value) if isinstance(value, (int, float)) else math.nan


def find_fault(actual, expected):
    """Says what is wrong with a curve that should be `expected`, or gives None."""
    return _fault_of_learning(actual) or _fault_against(actual, expected)


def _fault_of_learning(curve):
    if not curve:
        return "no step was logged"
    for step, loss, norm in curve:
        if not (math.isfinite(loss) and math.isfinite(norm)):
            return f"step {step} is not finite: loss {loss}, gradient norm {norm}"
    first, last = curve[0][1], curve[-1][1]
    return None if last < first else f"the loss does not fall: {first} at step {curve[0][0]}, {last} at step {curve[-1][0]}"


def _fault_against(actual, expected):
    if [one[0] for one in actual] != [one[0] for one in expected]:
        return f"steps differ: {[one[0] for one in actual]}, on one rank {[one[0] for one in expected]}"
    for (step, loss, norm), (_, expected_loss, expected_norm) in zip(actual, expected):
        if not math.isclose(loss, expected_loss, rel_tol=LOSS_TOLERANCE):
            return f"step {step}: loss {loss}, on one rank {expected_loss}"
        if not math.isclose(norm, expected_norm, rel_tol=NORM_TOLERANCE):
            return f"step {step}: gradient norm {norm}, on one rank {expected_norm}"
    return None
