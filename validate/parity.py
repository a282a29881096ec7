"""Trains a Llama in plain PyTorch from titan's initial weights and writes losses and gradient norms as a golden file.

    python validate/parity.py --model grouped --output tests/golden/parity/grouped.json
    python validate/parity.py --model debugmodel --dataset D.jsonl --tokenizer tokenizer.json --output F

float32 on the CPU. Without --dataset the batches are synthetic (golden.tokens). One step: cross-entropy summed over the batch
and divided by its token count, gradients clipped to norm 1, AdamW, learning rate with linear warm-up and decay.
"""

import argparse
import dataclasses
import itertools

import golden
import torch
import torch.nn.functional as F
from llama_reference import CONFIGS, Llama, initialise

OPTIMIZER = {"lr": 8e-4, "betas": (0.9, 0.95), "eps": 1e-8, "weight_decay": 0.1}
IGNORED = -100


def synthetic_batches(vocab_size, batch, seq_len):
    for step in itertools.count():
        rows = torch.tensor(golden.tokens(vocab_size, step, batch, seq_len + 1))
        yield rows[:, :-1], rows[:, 1:]


def dataset_batches(args):
    import data_reference

    for inputs, labels in data_reference.batches(args.dataset, args.tokenizer, args.seq_len, args.batch):
        yield torch.as_tensor(inputs, dtype=torch.long), torch.as_tensor(labels, dtype=torch.long)


def lr_factor(step, steps, warmup):
    """Rises linearly to 1, then falls linearly over the remaining steps; one step more, so that the last one is above 0."""
    if step < warmup:
        return (step + 1) / warmup
    decay = steps - warmup
    return min(1.0, 1.0 - (step - warmup) / decay) if decay else 1.0


def train(model, batches, steps, warmup, max_norm):
    """Yields each step's mean loss, gradient norm before clipping and learning rate."""
    optimizer = torch.optim.AdamW(model.parameters(), **OPTIMIZER)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: lr_factor(step, steps, warmup))
    for inputs, labels in itertools.islice(batches, steps):
        optimizer.zero_grad()
        logits = model(inputs)
        total = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum", ignore_index=IGNORED)
        loss = total / (labels != IGNORED).sum()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        lr = schedule.get_last_lr()[0]
        optimizer.step()
        schedule.step()
        yield loss.item(), norm.item(), lr


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, choices=CONFIGS)
    parser.add_argument("--output", required=True)
    parser.add_argument("--dataset")
    parser.add_argument("--tokenizer")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--warmup-steps", type=int, default=2)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--seq-len", type=int, default=64)
    parser.add_argument("--max-norm", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=42)
    args = parser.parse_args()

    config = CONFIGS[args.model]
    model = Llama(config, args.seq_len)
    initialise(model, config, args.seed)
    batches = dataset_batches(args) if args.dataset else synthetic_batches(config.vocab_size, args.batch, args.seq_len)
    losses, norms, rates = zip(*train(model, batches, args.steps, args.warmup_steps, args.max_norm))
    golden.write(args.output, {
        "torch": torch.__version__, "config": dataclasses.asdict(config), "seed": args.seed, "batch": args.batch,
        "seq_len": args.seq_len, "steps": args.steps, "warmup_steps": args.warmup_steps, "max_norm": args.max_norm,
        "optimizer": OPTIMIZER, "losses": losses, "grad_norms": norms, "learning_rates": rates})


if __name__ == "__main__":
    main()
