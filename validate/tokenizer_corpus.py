"""Texts for tokenizer_golden.py: a small corpus of many scripts to train on, and texts that are hard to tokenize."""

import random

CORPUS = """
The lighthouse keeper counted the ships that passed before midnight, and wrote each name into a long green ledger.
It's the third time they've asked whether we'll repair the bridge; I'm sure he'd rather wait until it doesn't rain.
In 1987 the town had 12,406 people, 3 schools, 27 wells and 1 clock that ran 4.5 minutes late every day.
for (int i = 0; i < 1024; ++i) { sum += values[i] * weights[i]; }  // an inner product
def average(xs):\n    if not xs:\n        return 0.0\n    return sum(xs) / len(xs)\n
Die Brücke über den Fluß wurde im Frühjahr geprüft, und größere Schäden fand man nicht.
L'été dernier, à Besançon, où naquit l'horloger, on répara enfin la vieille grand-place.
El niño pequeño corrió hacia la montaña; ¿quién sabe qué encontró allí? ¡Nadie!
Старый маяк стоял на краю берега, и каждый вечер смотритель зажигал в нём огонь.
Ο φάρος στεκόταν στην άκρη της ακτής και κάθε βράδυ άναβε το φως του.
海边有一座古老的灯塔，每天晚上守塔人都会点亮灯火，给远方的船只指路。
海辺に古い灯台があり、毎晩、灯台守が明かりをともして船を導いた。
바닷가에 오래된 등대가 있었고, 매일 밤 등대지기가 불을 밝혔다.
كان الفانوس القديم على طرف الشاطئ، وكل مساء يشعل الحارس النور فيه.
מגדלור ישן עמד על שפת הים, ובכל ערב הדליק השומר את האור.
समुद्र के किनारे एक पुराना प्रकाशस्तंभ था, और हर शाम रखवाला दीया जलाता था।
ประภาคารเก่าตั้งอยู่ริมทะเล และทุกเย็นผู้ดูแลจะจุดไฟ
Ngọn hải đăng cũ đứng bên bờ biển, và mỗi tối người gác thắp đèn lên.
🙂 👍🏽 👨‍👩‍👧‍👦 🇨🇭 🏳️‍🌈 ❤️ — “quotes”, ‘single’, … and –dashes—
"""

HARD_TEXTS = [
    "", " ", "  ", "\n", "\r\n", "\t", " \n ", "a", " a", "a ", "  a", "a  b", "a   b    c", "\n\na\n\n\nb", "a\r\nb\rc\n",
    "Hello, world!", "Hello world", "hello HELLO Hello hElLo", "It's we'll I'M they'RE 'tis ''s 'S", "don’t", "x'sy 'd'll",
    "1", "12", "123", "1234", "12345678901234567890", "3.14159", "1,000,000", "1e-5", "0x7fff", "²³¹ ½ Ⅷ ٣٤٥ १२३ 一二三",
    "!@#$%^&*()_+-=[]{}|;':\",./<>?`~\\", "...", "?!?!", "---", "a-b_c.d", "<0x41><0x0A>", "<0xZZ>", "<unk>", "▁", "▁a", "a▁b", " ▁ ",
    "naïve café", "e\u0301", "\u00e9", "A\u030a \u212b \u00c5", "ﬁ ﬂ ﬃ", "ß ẞ ſ", "İıI i̇", "Ǆ ǅ ǆ", "Ω Ω K K",
    "你好，世界", "今日は世界", "ｶﾀｶﾅ カタカナ", "안녕하세요 세계", "\u1112\u1161\u11ab", "한글", "مرحبا بالعالم", "שָׁלוֹם עולם", "नमस्ते दुनिया", "สวัสดีชาวโลก",
    "Привет мир", "Γειά σου Κόσμε", "Xin chào thế giới", "გამარჯობა", "Բարեւ", "ሰላም", "ខ្មែរ", "தமிழ்", "ꙮ", "𐍈𐌰𐌽", "𝒜𝓃𝒹 𝟙𝟚𝟛",
    "🙂", "👍🏽", "👨‍👩‍👧‍👦", "🇨🇭🇫🇷", "🏳️‍🌈", "❤️❤", "a🙂b", "🙂🙂🙂 🙂", "1️⃣", "\U0001fae8 \U0001f6dc", "🧑🏿‍🚀 went 🚀!",
    "\u00a0", "a\u00a0b", "\u2003x\u3000y", "\u200b\u200c\u200d\ufeff", "a\u200db", "\u2028x\u2029y\u0085z", "\u180e x", "\x00", "a\x00b", "\x1f\x7f\x80",
    "\ufffd", "\ufffe\uffff", "\U0010ffff", "\ue000", "\u0300\u0301", " \u0301a", "\U00031350\U0002ebf0", "\u1c89\u1c8a ꟋꟌ", "\U0001e4f0\U0001e4f1 \U00011f50",
    "<|begin_of_text|>", "a<|begin_of_text|>b", "<|begin_of_text|><|end_of_text|>", " <|end_of_text|> ", "<|begin_of_text", "<s>", "<s>Hello</s>", "</s></s> x",
    "[MASK]", " [MASK] ", "a [MASK]  b", "\t\n[MASK]\u3000 b", "[MASK][MASK]", "[WORD]", "a[WORD]", "[WORD]b", "a [WORD] b", "_[WORD]", "é[WORD]", "-[WORD]-",
    "The quick brown fox", "the quick brown fox", "[Hello]", "((nested) parens)", "https://example.org/a?b=c&d=%20#e", "user@example.org",
    "#include <vector>\nint main() { return 0; }\n", "\tdef f(x):\n\t\treturn x**2\n\n\n", "SELECT * FROM t WHERE a >= 10;", "{\"key\": [1, 2.5, null]}",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "abababababababababababababababababababababababababababab",
    "                                                                                    x", "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft", "海边有一座古老的灯塔，每天晚上守塔人都会点亮灯火，给远方的船只指路。" * 2,
]

_POOLS = [
    "abcdefghijklmnopqrstuvwxyz", "ABCXYZ", "0123456789", "     ", "\n\r\t ", "'.,;:!?-_()[]<>|/\\\"#@&%$", "éüñçßøåœ", "абвгдежя", "αβγδωΩ", "你好世界灯塔海",
    "あいうカナ", "안녕세계", "ابتث", "אבגד", "कखगि्", "กขคา้", "🙂👍🏽❤️\u200d", "\u0300\u0301\u0327\u0323", "²½Ⅷ٣१", "\u00a0\u2003\u3000\u2028\u0085\u180e\u200b", "▁", "\U00031350\u1c89\U0001fae8",
]
_WORDS = ["the", "The", "'s", "'ll", "'RE", " light", "house", "12", "2024", "Brücke", "маяк", "灯塔", "<|end_of_text|>", "</s>", "[MASK]", "[WORD]", "  ", "\n\n", "ship", "<0x0A>"]


def random_texts(count, seed):
    """Texts mixing pieces of all scripts, words of the corpus, special tokens, white space and now and then any code point."""
    rng = random.Random(seed)
    for _ in range(count):
        text = ""
        for _ in range(rng.randint(1, 14)):
            kind = rng.random()
            if kind < 0.25:
                text += rng.choice(_WORDS)
            elif kind < 0.96:
                pool = rng.choice(_POOLS)
                text += "".join(rng.choice(pool) for _ in range(rng.randint(1, 5)))
            else:
                code = rng.randrange(0x110000 if rng.random() < 0.3 else 0x3000)
                text += "" if 0xD800 <= code < 0xE000 else chr(code)
        yield text
