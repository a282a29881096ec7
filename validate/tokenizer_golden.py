"""Trains small tokenizers of every kind that titan reads with the `tokenizers` package and records the package's ids.

    build/peer/bin/python validate/tokenizer_golden.py                       # regenerates tests/golden/tokenizer
    build/peer/bin/python validate/tokenizer_golden.py --output DIR --random 20000
    TITAN_TOKENIZER_GOLDEN=DIR build/release/bin/tokenizer_test --gtest_filter='Golden*'   # compares on those

Every folder holds a tokenizer and ids.json: for each text of texts.json the ids without special tokens and the text decoded from them.
"""

import argparse
import collections
import json
import pathlib

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from tokenizer_corpus import CORPUS, HARD_TEXTS, random_texts

BYTES = pre_tokenizers.ByteLevel.alphabet()
BOS, EOS = "<|begin_of_text|>", "<|end_of_text|>"
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
GPT4O = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
FALLBACK = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)]


def corpus(num_chars):
    """The corpus with its most frequent characters only (the package's own limit_alphabet breaks ties at random)."""
    counts = collections.Counter(CORPUS.lower())
    kept = set(sorted(counts, key=lambda char: (-counts[char], char))[:num_chars]) | {"\n"}
    return "".join(char for char in CORPUS if char.lower() in kept)


def train(tokenizer, vocab_size, special=(), alphabet=(), num_chars=10**6, **options):
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, special_tokens=list(special), initial_alphabet=list(alphabet),
                                  show_progress=False, **options)
    tokenizer.train_from_iterator(corpus(num_chars).split("\n"), trainer)
    return tokenizer


def gpt2():
    """ByteLevel alone, a prefix space, merges written as text."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return train(tokenizer, 420, ["<|endoftext|>"], BYTES)


def llama3():
    """Split by a regular expression, ignore_merges, a template that adds BOS."""
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    split = pre_tokenizers.Split(Regex(LLAMA3), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    train(tokenizer, 420, [], BYTES)
    # A token that no merges lead to: only ignore_merges finds it.
    file = json.loads(tokenizer.to_str())
    file["model"]["vocab"]["ĠHELLO"] = len(file["model"]["vocab"])
    tokenizer = Tokenizer.from_str(json.dumps(file))
    tokenizer.add_special_tokens([BOS, EOS])
    template = processors.TemplateProcessing(single=f"{BOS} $A", pair=f"{BOS} $A {BOS} $B:1",
                                             special_tokens=[(BOS, tokenizer.token_to_id(BOS))])
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), template])
    return tokenizer


def llama2():
    """SentencePiece as converted: normalizers, byte fallback, no pre-tokenizer."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    train(tokenizer, 480, FALLBACK, num_chars=90)
    tokenizer.pre_tokenizer = None
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
                                           decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B:1",
                                                             special_tokens=[("<s>", tokenizer.token_to_id("<s>"))])
    return special_only(tokenizer, ["<unk>", "<s>", "</s>"])


def special_only(tokenizer, keep):
    """Keeps some of the trainer's special tokens; the others stay ordinary tokens of the model."""
    file = json.loads(tokenizer.to_str())
    file["added_tokens"] = [token for token in file["added_tokens"] if token["content"] in keep]
    return Tokenizer.from_str(json.dumps(file))


def metaspace():
    """Metaspace as pre-tokenizer and decoder, prepended to the first piece only."""
    tokenizer = llama2()
    tokenizer.normalizer = normalizers.Sequence([])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=True)
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="first", split=True)
    return tokenizer


def unknowns():
    """No fallback: one unknown token a character; digits and punctuation apart; Split literal, merged with what precedes."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(" ", "merged_with_previous"), pre_tokenizers.Digits(True), pre_tokenizers.Punctuation("contiguous")])
    tokenizer.decoder = decoders.Fuse()
    return train(tokenizer, 200, ["<unk>"], num_chars=70)


def clip():
    """End-of-word suffix, lower case, composed characters, white space dropped, one fused unknown token."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.decoder = decoders.BPEDecoder("</w>")
    # The trainer numbers last characters at random, so they are given in order.
    last = [f"{char}</w>" for char in sorted(set(corpus(90).lower())) if not char.isspace()]
    return special_only(train(tokenizer, 360, ["<unk>"] + last, num_chars=90, end_of_word_suffix="</w>"), ["<unk>"])


def added():
    """Added tokens with every flag, over the three-step splitting of DeepSeek and GPT-4o's pattern."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence([])
    splits = [r"\p{N}{1,3}", "[一-龥\u3040-ゟ゠-ヿ]+", GPT4O]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(p), "isolated") for p in splits] + [pre_tokenizers.ByteLevel(False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    train(tokenizer, 380, [], BYTES)
    tokenizer.add_tokens([AddedToken("[WORD]", single_word=True), AddedToken("light", normalized=True), AddedToken("lighthouse", normalized=False)])
    tokenizer.add_special_tokens([AddedToken("[MASK]", lstrip=True, rstrip=True), "</s>", "<s>"])
    return tokenizer


def decomposed():
    """Canonical decomposition, stripping, white-space splitting, word-level vocabulary."""
    tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.Strip()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation(), pre_tokenizers.Digits()])
    trainer = trainers.WordLevelTrainer(vocab_size=250, special_tokens=["[UNK]"], show_progress=False)
    tokenizer.train_from_iterator(CORPUS.split("\n"), trainer)
    return tokenizer


VARIANTS = [gpt2, llama3, llama2, metaspace, unknowns, clip, added, decomposed]


def save_tokenizer(tokenizer, folder, text_merges):
    file = json.loads(tokenizer.to_str())
    merges = file["model"].get("merges")
    if text_merges:
        file["model"]["merges"] = [" ".join(pair) for pair in merges]
    dump(file, folder / "tokenizer.json")
    if text_merges:  # and as a GPT-2 folder
        plain = folder.parent / "gpt2_plain"
        plain.mkdir(parents=True, exist_ok=True)
        dump(file["model"]["vocab"], plain / "vocab.json")
        (plain / "merges.txt").write_text("#version: 0.2\n" + "\n".join(file["model"]["merges"]) + "\n")


def plain_gpt2(folder):
    tokenizer = Tokenizer(models.BPE.from_file(str(folder / "vocab.json"), str(folder / "merges.txt")))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def dump(value, path):
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def record(tokenizer, texts, folder):
    encoded = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    decoded = [tokenizer.decode(ids, skip_special_tokens=False) for ids in encoded]
    # The decoded text is written only where it differs: most tokenizers give the text back.
    dump({"ids": encoded, "with_special": tokenizer.encode("x").ids, "vocab_size": tokenizer.get_vocab_size(),
          "decoded": {str(i): d for i, d in enumerate(decoded) if d != texts[i]}}, folder / "ids.json")


def record_training(path):
    """What the package's own trainer learns from the corpus: titan's must learn the same."""
    tokenizer = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(LLAMA3), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(False, use_regex=False)])
    model = json.loads(train(tokenizer, 440, [BOS, EOS], BYTES, min_frequency=1).to_str())["model"]
    dump({"corpus": CORPUS.split("\n"), "vocab_size": 440, "tokens": sorted(model["vocab"], key=model["vocab"].get),
          "merges": model["merges"]}, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path(__file__).parent.parent / "tests/golden/tokenizer")
    parser.add_argument("--random", type=int, default=60, help="random texts besides the hard ones")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    texts = HARD_TEXTS + list(random_texts(arguments.random, arguments.seed))
    arguments.output.mkdir(parents=True, exist_ok=True)
    dump(texts, arguments.output / "texts.json")
    record_training(arguments.output / "trained.json")
    for variant in VARIANTS:
        folder = arguments.output / variant.__name__
        folder.mkdir(parents=True, exist_ok=True)
        tokenizer = variant()
        save_tokenizer(tokenizer, folder, text_merges=variant is gpt2)
        record(Tokenizer.from_file(str(folder / "tokenizer.json")), texts, folder)
    record(plain_gpt2(arguments.output / "gpt2_plain"), texts, arguments.output / "gpt2_plain")


if __name__ == "__main__":
    main()
