"""Writes logits of Hugging Face's Llama, with titan's initial weights under its names, as a golden file.

    python validate/hf_logits.py --model tiny_llama3 --output tests/golden/parity/hf_tiny_llama3.json
"""

import dataclasses

import golden
import torch
import transformers
from llama_reference import CONFIGS, Llama, golden_arguments, initialise
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

WHOLE_NAMES = {"tok_embeddings.weight": "model.embed_tokens.weight", "norm.weight": "model.norm.weight",
               "output.weight": "lm_head.weight"}
LAYER_NAMES = {"attention.wq": "self_attn.q_proj", "attention.wk": "self_attn.k_proj", "attention.wv": "self_attn.v_proj",
               "attention.wo": "self_attn.o_proj", "feed_forward.w1": "mlp.gate_proj", "feed_forward.w2": "mlp.down_proj",
               "feed_forward.w3": "mlp.up_proj", "attention_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm"}


def hf_config(config):
    rope = {"rope_type": "default", "rope_theta": config.rope_theta}
    if config.rope_scaling:
        factor, low, high, original = config.rope_scaling
        rope |= {"rope_type": "llama3", "factor": factor, "low_freq_factor": low, "high_freq_factor": high,
                 "original_max_position_embeddings": original}
    return transformers.LlamaConfig(
        vocab_size=config.vocab_size, hidden_size=config.dim, intermediate_size=config.ffn_hidden,
        num_hidden_layers=config.num_layers, num_attention_heads=config.num_heads,
        num_key_value_heads=config.num_kv_heads, rms_norm_eps=config.norm_eps, max_position_embeddings=131072,
        rope_parameters=rope, tie_word_embeddings=False, attention_bias=False, mlp_bias=False,
        attn_implementation="eager", dtype=torch.float32)


def rotary_frequencies(config):
    """Those of the real models' head size, 128: a tiny head has too few to meet every case of the scaling rule."""
    wide = dataclasses.replace(config, dim=128 * config.num_heads)
    return LlamaRotaryEmbedding(hf_config(wide)).inv_freq.tolist()


def hf_name(name):
    if name in WHOLE_NAMES:
        return WHOLE_NAMES[name]
    _, layer, rest = name.split(".", 2)
    return f"model.layers.{layer}.{LAYER_NAMES[rest.removesuffix('.weight')]}.weight"


def hf_value(name, value, config):
    """Pairs of rows that rotate together lie side by side here, half a head apart there."""
    heads = {"wq": config.num_heads, "wk": config.num_kv_heads}.get(name.split(".")[-2])
    return value.unflatten(0, (heads, -1, 2)).transpose(1, 2).flatten(0, 2) if heads else value


def main():
    args = golden_arguments(__doc__.splitlines()[0])

    config = CONFIGS[args.model]
    ours = Llama(config, args.seq_len)
    initialise(ours, config, args.seed)
    model = transformers.LlamaForCausalLM(hf_config(config)).eval()
    state = {hf_name(name): hf_value(name, value, config) for name, value in ours.state_dict().items()}
    model.load_state_dict(state, strict=True)
    rows = torch.tensor(golden.tokens(config.vocab_size, 0, args.batch, args.seq_len))
    with torch.no_grad():
        logits = model(rows).logits
        print("largest difference to llama_reference.py:", (ours(rows) - logits).abs().max().item())
    golden.write(args.output, {
        "transformers": transformers.__version__, "config": dataclasses.asdict(config), "seed": args.seed,
        "batch": args.batch, "seq_len": args.seq_len, "logits": logits.flatten().tolist(),
        "rotary_frequencies": rotary_frequencies(config)})


if __name__ == "__main__":
    main()
