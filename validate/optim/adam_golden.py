"""Writes tests/golden/optim/adam.json: what torch.optim makes of small shards over some steps.

Run in the peer environment (validate/requirements.txt), from the repository root:
    python validate/optim/adam_golden.py tests/golden/optim/adam.json
"""
import itertools
import json
import sys

import torch

SETTINGS = [
    {"beta1": 0.9, "beta2": 0.95, "eps": 1e-8, "weight_decay": 0.07},
    {"beta1": 0.3, "beta2": 0.999, "eps": 1e-6, "weight_decay": 0.0},
]
LRS = [2e-3, 4e-3, 1e-2, 5e-3, 1e-3]
SIZE = 19
# torch's CPU foreach rounds scalar factors to bfloat16 (0.95 to 0.949): no example to follow.
IMPLEMENTATIONS = {
    "float32": ["for-loop", "foreach", "fused"],
    "float64": ["for-loop", "foreach", "fused"],
    "bfloat16": ["for-loop", "fused"],
}


def value():
    """Multiples of 1/8, exact in every dtype."""
    return [((7 * i + 3) % 11 - 5) / 8 for i in range(SIZE)]


def grad(step):
    """Multiples of 1/16, exact in every dtype; some are zero."""
    return [((5 * i + 3 * step) % 13 - 6) / 16 for i in range(SIZE)]


def train(name, dtype, implementation, settings):
    """Takes one step per rate in LRS and returns the parameter and its state as lists of float64."""
    parameter = torch.tensor(value(), dtype=dtype, requires_grad=True)
    optimizer = getattr(torch.optim, name)(
        [parameter],
        lr=LRS[0],
        betas=(settings["beta1"], settings["beta2"]),
        eps=settings["eps"],
        weight_decay=settings["weight_decay"],
        fused=implementation == "fused",
        foreach=implementation == "foreach",
    )
    for step, lr in enumerate(LRS):
        optimizer.param_groups[0]["lr"] = lr
        parameter.grad = torch.tensor(grad(step), dtype=dtype)
        optimizer.step()
    state = optimizer.state[parameter]
    tensors = {"value": parameter, "exp_avg": state["exp_avg"], "exp_avg_sq": state["exp_avg_sq"]}
    return {key: tensor.detach().double().tolist() for key, tensor in tensors.items()}


def main():
    cases = []
    for settings, name, dtype in itertools.product(SETTINGS, ["AdamW", "Adam"], IMPLEMENTATIONS):
        for implementation in IMPLEMENTATIONS[dtype]:
            result = train(name, getattr(torch, dtype), implementation, settings)
            cases.append({"name": name, "dtype": dtype, "implementation": implementation, **settings, "result": result})
    golden = {"value": value(), "lrs": LRS, "grads": [grad(step) for step in range(len(LRS))], "cases": cases}
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(golden, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
