"""Writes logits and parameter gradients of one forward and backward in plain PyTorch as a golden file.

    python validate/gradients.py --model tiny_llama3 --output tests/golden/parity/gradients_tiny_llama3.json

Of each gradient g, flattened, it keeps the norm and the sum of g_i cos(i): together they notice a transposed or permuted tensor.
"""

import dataclasses

import golden
import torch
import torch.nn.functional as F
from llama_reference import CONFIGS, Llama, golden_arguments, initialise


def digest(gradient):
    flat = gradient.double().flatten()
    pattern = torch.cos(torch.arange(flat.numel(), dtype=torch.double))
    return {"norm": flat.norm().item(), "cosine_sum": (flat * pattern).sum().item()}


def main():
    args = golden_arguments(__doc__.splitlines()[0])

    config = CONFIGS[args.model]
    model = Llama(config, args.seq_len)
    initialise(model, config, args.seed)
    rows = torch.tensor(golden.tokens(config.vocab_size, 0, args.batch, args.seq_len + 1))
    labels = rows[:, 1:].clone()
    labels[0, 0] = -100  # one token that does not count
    logits = model(rows[:, :-1])
    loss = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum")
    loss.backward()
    golden.write(args.output, {
        "torch": torch.__version__, "config": dataclasses.asdict(config), "seed": args.seed, "batch": args.batch,
        "seq_len": args.seq_len, "loss_sum": loss.item(), "logits": logits.flatten().tolist(),
        "gradients": {name: digest(parameter.grad) for name, parameter in model.named_parameters()}})


if __name__ == "__main__":
    main()
