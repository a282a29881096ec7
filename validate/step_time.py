"""Times a training step of PyTorch eager: forward, backward, clipping, fused AdamW. Prints one line of JSON.

    python validate/step_time.py --model debugmodel --batch 8 --seq-len 128 --threads 2

bfloat16 means autocast: float32 weights, matrices multiplied in bfloat16, which is what eager offers on one processor.
"""

import argparse
import json
import statistics
import time

import torch
import torch.nn.functional as F
from llama_reference import CONFIGS, Llama, initialise


def time_steps(config, args, plain):
    """Seconds of each step after the warm-up."""
    model = Llama(config, args.seq_len, plain)
    initialise(model, config, seed=0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=8e-4, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1, fused=True)
    generator = torch.Generator().manual_seed(0)
    shape, seconds = (args.batch, args.seq_len + 1), []
    for _ in range(args.warmup + args.steps):
        tokens = torch.randint(config.vocab_size, shape, generator=generator)
        begin = time.perf_counter()
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=args.dtype == "bfloat16"):
            logits = model(tokens[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1).float(), tokens[:, 1:].flatten(), reduction="sum")
        (loss / (args.batch * args.seq_len)).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=True)
        optimizer.step()
        seconds.append(time.perf_counter() - begin)
    return seconds[args.warmup:]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="debugmodel", choices=CONFIGS)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--seq-len", type=int, default=256)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16"))
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--warmup", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    result = {**vars(args), "torch": torch.__version__}
    for kind, plain in (("sdpa", False), ("plain", True)):
        seconds = time_steps(CONFIGS[args.model], args, plain)
        result[kind] = {"median_s": statistics.median(seconds), "min_s": min(seconds)}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
