"""Llama in plain PyTorch, with titan's initial weights: the other side of parity, on PyTorch and numpy alone.

Shapes: B batch, S sequence, H query heads, K key/value heads, D head size.
"""

import argparse
import dataclasses
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


@dataclasses.dataclass(frozen=True)
class Config:
    num_layers: int
    dim: int
    num_heads: int
    num_kv_heads: int
    ffn_hidden: int
    vocab_size: int
    norm_eps: float = 1e-5
    rope_theta: float = 500000.0
    # Llama 3.1: factor, low_freq_factor, high_freq_factor, original length; None for Llama 2.
    rope_scaling: tuple | None = (8.0, 1.0, 4.0, 8192)

    @property
    def head_dim(self):
        return self.dim // self.num_heads


CONFIGS = {
    "debugmodel": Config(6, 256, 16, 16, 768, 2048),
    "grouped": Config(2, 256, 16, 4, 768, 2048),
    "tiny_llama3": Config(2, 64, 8, 2, 96, 128),
    "tiny_llama2": Config(2, 48, 4, 4, 80, 96, rope_theta=10000.0, rope_scaling=None),
}


def rotary_table(config, seq_len):
    """Unit complex numbers [S, D / 2]; long wavelengths stretched as Llama 3.1 does."""
    exponents = torch.arange(0, config.head_dim, 2).float() / config.head_dim
    frequencies = 1.0 / config.rope_theta**exponents
    if config.rope_scaling:
        factor, low, high, original = config.rope_scaling
        turns = original * frequencies / (2 * math.pi)
        keep = ((turns - low) / (high - low)).clamp(0, 1)
        frequencies = frequencies * (keep + (1 - keep) / factor)
    angles = torch.outer(torch.arange(seq_len).float(), frequencies)
    return torch.polar(torch.ones_like(angles), angles)


def rotate(x_BSHD, table):
    pairs = torch.view_as_complex(x_BSHD.float().unflatten(-1, (-1, 2)))
    return torch.view_as_real(pairs * table[:, None, :]).flatten(-2).type_as(x_BSHD)


class Attention(nn.Module):
    def __init__(self, config, plain):
        super().__init__()
        self.head_dim, self.plain = config.head_dim, plain
        self.groups = config.num_heads // config.num_kv_heads
        query, key = config.num_heads * config.head_dim, config.num_kv_heads * config.head_dim
        self.wq = nn.Linear(config.dim, query, bias=False)
        self.wk = nn.Linear(config.dim, key, bias=False)
        self.wv = nn.Linear(config.dim, key, bias=False)
        self.wo = nn.Linear(query, config.dim, bias=False)

    def forward(self, x, table):
        heads = lambda y: y.unflatten(-1, (-1, self.head_dim))
        q = rotate(heads(self.wq(x)), table).transpose(1, 2)
        k = rotate(heads(self.wk(x)), table).transpose(1, 2)
        v = heads(self.wv(x)).transpose(1, 2)
        out = self.plain_attention(q, k, v) if self.plain else self.sdpa(q, k, v)
        return self.wo(out.transpose(1, 2).flatten(2))

    def sdpa(self, q, k, v):
        return F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=self.groups > 1)

    def plain_attention(self, q, k, v):
        k, v = k.repeat_interleave(self.groups, 1), v.repeat_interleave(self.groups, 1)
        scores = q @ k.transpose(-1, -2) / math.sqrt(self.head_dim)
        future = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        return scores.masked_fill(future, -math.inf).softmax(-1) @ v


class FeedForward(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.w1 = nn.Linear(config.dim, config.ffn_hidden, bias=False)
        self.w2 = nn.Linear(config.ffn_hidden, config.dim, bias=False)
        self.w3 = nn.Linear(config.dim, config.ffn_hidden, bias=False)

    def forward(self, x):
        return self.w2(F.silu(self.w1(x)) * self.w3(x))


class Block(nn.Module):
    def __init__(self, config, plain):
        super().__init__()
        self.attention = Attention(config, plain)
        self.feed_forward = FeedForward(config)
        self.attention_norm = nn.RMSNorm(config.dim, eps=config.norm_eps)
        self.ffn_norm = nn.RMSNorm(config.dim, eps=config.norm_eps)

    def forward(self, x, table):
        x = x + self.attention(self.attention_norm(x), table)
        return x + self.feed_forward(self.ffn_norm(x))


class Llama(nn.Module):
    """Tokens [B, S] -> logits [B, S, V]. `plain` writes attention out instead of calling the fused kernel."""

    def __init__(self, config, seq_len, plain=False):
        super().__init__()
        self.tok_embeddings = nn.Embedding(config.vocab_size, config.dim)
        self.layers = nn.ModuleList(Block(config, plain) for _ in range(config.num_layers))
        self.norm = nn.RMSNorm(config.dim, eps=config.norm_eps)
        self.output = nn.Linear(config.dim, config.vocab_size, bias=False)
        self.register_buffer("table", rotary_table(config, seq_len), persistent=False)

    def forward(self, tokens):
        x = self.tok_embeddings(tokens)
        for layer in self.layers:
            x = layer(x, self.table)
        return self.output(self.norm(x))


def philox4x32(counter, key):
    """Philox4x32-10 (SC 2011) over arrays: counter is four and key two uint64 arrays or numbers below 2^32."""
    c0, c1, c2, c3 = (np.asarray(c, np.uint64) for c in counter)
    k0, k1 = key
    low = np.uint64(0xFFFFFFFF)
    for _ in range(10):
        first, second = np.uint64(0xD2511F53) * c0, np.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = ((second >> np.uint64(32)) ^ c1 ^ np.uint64(k0), second & low,
                          (first >> np.uint64(32)) ^ c3 ^ np.uint64(k1), first & low)
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c0, c1, c2, c3


def hash_name(name):
    """64-bit FNV-1a."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def uniforms(seed, name, count):
    """Element i: word i mod 4 of Philox at (i / 4, hash of the name) under the seed, as (word + 1/2) / 2^32."""
    groups, name_hash = np.arange((count + 3) // 4, dtype=np.uint64), hash_name(name)
    counter = (groups & np.uint64(0xFFFFFFFF), groups >> np.uint64(32), name_hash & 0xFFFFFFFF, name_hash >> 32)
    words = philox4x32(np.broadcast_arrays(*(np.asarray(c, np.uint64) for c in counter)),
                       (seed & 0xFFFFFFFF, seed >> 32))
    return (np.stack(words, axis=1).reshape(-1)[:count].astype(np.float64) + 0.5) / 2.0**32


def draw(seed, name, shape, std, bound):
    """Normal numbers of mean 0, truncated at +-bound (None: not at all), by the inverse distribution function in float64."""
    cdf = lambda x: 0.5 * math.erfc(-x / math.sqrt(2))
    low, high = (0.0, 1.0) if bound is None else (cdf(-bound / std), cdf(bound / std))
    p = torch.from_numpy(low + (high - low) * uniforms(seed, name, math.prod(shape)))
    return (std * torch.special.ndtri(p)).reshape(shape)


def init_rule(name, config):
    """(std, bound) of a matrix: depth-scaled behind the residual stream, 0.02 in front of it (reference section 3.3)."""
    if name == "tok_embeddings.weight":
        return 1.0, None
    if name == "output.weight":
        return config.dim**-0.5, 3 * config.dim**-0.5
    layer, matrix = int(name.split(".")[1]), name.split(".")[-2]
    return (0.02 / math.sqrt(2 * (layer + 1)) if matrix in ("wo", "w2", "w3") else 0.02), 2.0


@torch.no_grad()
def initialise(model, config, seed):
    """Overwrites the weights with those that titan draws for `seed`; norms are ones."""
    for name, parameter in model.named_parameters():
        if name.endswith("norm.weight"):
            parameter.fill_(1.0)
        else:
            parameter.copy_(draw(seed, name, tuple(parameter.shape), *init_rule(name, config)))


def golden_arguments(description):
    """Reads the command line of a script that writes one small model's golden numbers."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--model", required=True, choices=CONFIGS)
    parser.add_argument("--output", required=True)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--seq-len", type=int, default=12)
    parser.add_argument("--seed", type=int, default=42)
    return parser.parse_args()
