"""Writes runtime/data/tokenizer/unicode_additions.inc: the characters that the regular expressions of the `tokenizers` package
(Oniguruma) classify and the PCRE2 library of this machine does not know yet, with their general category.

    build/peer/bin/python validate/tokenizer_unicode.py > runtime/data/tokenizer/unicode_additions.inc
"""

import ctypes
import ctypes.util

from tokenizers import Regex, pre_tokenizers

CATEGORIES = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So".split()
EVERYTHING = "".join(chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000)


def package_members(pattern):
    splitter = pre_tokenizers.Split(Regex(f"(?:{pattern})+"), "removed", invert=True)
    return {ord(c) for piece, _ in splitter.pre_tokenize_str(EVERYTHING) for c in piece}


def pcre2_members(pattern):
    pcre2 = ctypes.CDLL(ctypes.util.find_library("pcre2-32"))
    for name in ("compile", "match_data_create", "get_ovector_pointer"):
        getattr(pcre2, f"pcre2_{name}_32").restype = ctypes.c_void_p
    text = (ctypes.c_uint32 * len(EVERYTHING))(*map(ord, EVERYTHING))
    regex = (ctypes.c_uint32 * (len(pattern) + 3))(*map(ord, f"{pattern}++"))
    error, offset = ctypes.c_int(), ctypes.c_size_t()
    utf, ucp = 0x00080000, 0x00020000
    code = pcre2.pcre2_compile_32(regex, ctypes.c_size_t(len(pattern) + 2), utf | ucp, ctypes.byref(error),
                                  ctypes.byref(offset), None)
    match = pcre2.pcre2_match_data_create_32(1, None)
    ends = ctypes.cast(pcre2.pcre2_get_ovector_pointer_32(ctypes.c_void_p(match)), ctypes.POINTER(ctypes.c_size_t))
    members, pos = set(), 0
    while pcre2.pcre2_match_32(ctypes.c_void_p(code), text, ctypes.c_size_t(len(EVERYTHING)), ctypes.c_size_t(pos), 0,
                               ctypes.c_void_p(match), None) > 0:
        members.update(map(ord, EVERYTHING[ends[0]:ends[1]]))
        pos = ends[1]
    return members


def ranges(members):
    out = []
    for c in sorted(members):
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return out


def main():
    rows = []
    for category in CATEGORIES:
        pattern = f"\\p{{{category}}}"
        rows += [(a, b, category) for a, b in ranges(package_members(pattern) - pcre2_members(pattern))]
    print("// Written by validate/tokenizer_unicode.py. First, last, general category; in the order of the first.")
    line = ""
    for a, b, category in sorted(rows):
        cell = f'{{0x{a:X}, 0x{b:X}, "{category}"}},'
        if len(line) + len(cell) + 1 > 118:
            print(line)
            line = ""
        line += (" " if line else "") + cell
    print(line)


if __name__ == "__main__":
    main()
