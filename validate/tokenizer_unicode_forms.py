"""Writes runtime/data/tokenizer/unicode_forms.inc: canonical decompositions, combining classes and lower case of single characters, as
the normalizers of the `tokenizers` package (Rust's Unicode tables) have them.

    build/peer/bin/python validate/tokenizer_unicode_forms.py > runtime/data/tokenizer/unicode_forms.inc
"""

import unicodedata

from tokenizers import normalizers

NFC, NFD, LOWER = (n().normalize_str for n in (normalizers.NFC, normalizers.NFD, normalizers.Lowercase))
CHARS = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
HANGUL = range(0xAC00, 0xD7A4)


def canonical_rows():
    """Character, the (usually two) characters of one decomposition step, whether composition goes back."""
    for char in CHARS:
        full = NFD(char)
        if full == char or ord(char) in HANGUL:
            continue
        head = NFC(full[:-1])
        composes = NFC(full) == char and len(full) > 1
        if composes and len(head) == 1:
            yield ord(char), ord(head), ord(full[-1]), 1
        elif len(full) == 1:
            yield ord(char), ord(full), 0, 0
        else:  # composition exclusions: any split that decomposes to the same text
            head = next(h for h in (NFC(full[:-1]), *decomposing_to(full[:-1])) if len(h) == 1)
            yield ord(char), ord(head), ord(full[-1]), 0


def decomposing_to(text):
    return (char for char in CHARS if NFD(char) == text)


def combining_class(char, probes):
    """The package does not tell classes, only order: a mark moves behind another one of smaller class."""
    known = unicodedata.combining(char)
    if known or unicodedata.category(char) != "Cn":
        return known
    below = [cls for cls, probe in probes.items() if NFD("a" + char + probe) == "a" + probe + char]
    above = [cls for cls, probe in probes.items() if NFD("a" + probe + char) == "a" + char + probe]
    inside = [cls for cls in probes if cls not in below and cls not in above]
    return inside[0] if below or above else 0


def class_rows():
    probes = {}
    for char in CHARS:
        probes.setdefault(unicodedata.combining(char), char)
    del probes[0]
    return [(ord(char), cls) for char in CHARS if (cls := combining_class(char, probes))]


def lower_rows():
    return [(ord(char), ord(LOWER(char))) for char in CHARS if LOWER(char) != char and len(LOWER(char)) == 1]


def class_ranges(rows):
    out = []
    for code, cls in rows:
        if out and out[-1][1] == code - 1 and out[-1][2] == cls:
            out[-1][1] = code
        else:
            out.append([code, code, cls])
    return out


def case_ranges(rows):
    """First, last, step, difference: runs of characters one or two apart with the same distance to their lower case."""
    out = []
    for code, lower in rows:
        delta = lower - code
        last = out[-1] if out else None
        if last and last[3] == delta and (code - last[1] == last[2] or (last[0] == last[1] and code - last[1] in (1, 2))):
            last[2] = code - last[1]
            last[1] = code
        else:
            out.append([code, code, 1, delta])
    return out


def print_table(declaration, rows):
    print(declaration + " = {")
    line = "   "
    for row in rows:
        cell = " {" + ", ".join(hex(value) if i < 3 and value > 9 else str(value) for i, value in enumerate(row)) + "},"
        if len(line) + len(cell) > 118:
            print(line)
            line = "   "
        line += cell
    print(line + "\n};")


def main():
    multiple = [char for char in CHARS if len(LOWER(char)) > 1]
    assert multiple == ["\u0130"], "lowercase() knows one character with a longer lower case, U+0130"
    print("// Written by validate/tokenizer_unicode_forms.py.")
    print_table("constexpr Decomposition kDecompositions[]", canonical_rows())
    print_table("constexpr ClassRange kCombiningClasses[]", class_ranges(class_rows()))
    print_table("constexpr CaseRange kLowerCase[]", case_ranges(lower_rows()))


if __name__ == "__main__":
    main()
