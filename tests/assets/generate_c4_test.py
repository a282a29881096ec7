#!/usr/bin/env python3
"""Generate the sample text that titan ships as the data set `c4_test`.

    python3 tests/assets/generate_c4_test.py        # rewrites tests/assets/c4_test/c4_test.jsonl

The text is made up by a generative grammar: c4_test_language/forms.txt holds the rules, topics.txt and words.txt the words,
inflection.txt the irregular forms. A document has one topic, two people, a town and a few things that come back, so that a
model can learn from its words, its sentences and its context. The same seed gives the same bytes.
"""
import argparse
import json
import random
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
LANGUAGE = HERE / "c4_test_language"
VOWELS = "aeiou"


def read_lines(name):
    lines = (LANGUAGE / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def read_assignments(lines):
    """Turns "key = a, b" lines into {key: [a, b]}; repeated keys add up. A trailing blank inside an entry is kept."""
    table = {}
    for line in lines:
        key, _, value = line.partition(" = ")
        table.setdefault(key, []).extend(word.lstrip() for word in value.split(","))
    return table


def read_topics():
    """Returns one {people, places, adj, events, goals, signs, acts: [(verbs, objects)]} per block of topics.txt."""
    blocks = re.split(r"^\[\w+\]\n", "\n".join(read_lines("topics.txt")), flags=re.M)[1:]
    topics = []
    for block in blocks:
        lines = block.strip().splitlines()
        acts = next(line for line in lines if line.startswith("acts = "))[len("acts = "):]
        topic = read_assignments(line for line in lines if not line.startswith("acts"))
        topic["acts"] = []
        for group in acts.split(" / "):
            verbs, objects = group.split(" > ")
            topic["acts"].append((split_verbs(verbs), objects.split(", ")))
        objects = [thing for _, group in topic["acts"] for thing in group]
        topic["things"] = list(dict.fromkeys(thing for thing in objects if not thing.startswith("~")))
        topic["masses"] = [thing[1:] for thing in objects if thing.startswith("~")] or ["paper", "money", "water"]
        topics.append(topic)
    return topics


def split_verbs(text):
    """Splits at blanks; a particle stays with its verb ("hand in")."""
    return re.sub(r" (in|on|up)\b", r"_\1", text).split()


def read_grammar():
    """Returns {symbol: (alternatives, weights)}."""
    grammar = {}
    for line in read_lines("forms.txt"):
        if re.fullmatch(r"\w+:", line):
            alternatives, weights = grammar.setdefault(line[:-1], ([], []))
            continue
        weight, text = re.fullmatch(r"(?:(\d+)\* )?(.*)", line).groups()
        alternatives.append(text)
        weights.append(int(weight or 1))
    return grammar


class Inflection:
    def __init__(self):
        table = read_assignments(read_lines("inflection.txt"))
        self.verbs = {row.split()[0]: row.split() for row in table["verb"]}
        self.nouns = dict(row.split() for row in table["noun"])
        self.double = set(table["double"])

    def doubled(self, verb):
        one_syllable = len(re.findall(r"[aeiouy]+", verb)) == 1
        short = one_syllable and re.search(r"[^aeiou][aeiou][^aeiouwxy]$", verb)
        return verb + verb[-1] if short or verb in self.double else verb

    def verb(self, phrase, form):
        verb, underscore, particle = phrase.partition("_")
        return self.single_verb(verb, form) + underscore.replace("_", " ") + particle

    def single_verb(self, verb, form):
        if form == "s":
            return self.with_s(verb)
        if form == "ing":
            return self.doubled(re.sub(r"(?<=[^eoy])e$", "", verb) if verb != "tie" else "ty") + "ing"
        if form in ("d", "pp"):
            if verb in self.verbs:
                return self.verbs[verb][1 if form == "d" else 2]
            if verb.endswith("e"):
                return verb + "d"
            return self.doubled(re.sub(r"(?<=[^aeiou])y$", "i", verb)) + "ed"
        return verb

    def plural(self, noun):
        head, blank, last = noun.rpartition(" ")
        if last in self.nouns:
            return head + blank + self.nouns[last]
        if last.endswith("man") and last != "german":
            return head + blank + last[:-3] + "men"
        return head + blank + self.with_s(last)

    def with_s(self, word):
        if re.search(r"(s|x|z|ch|sh)$", word) or word == "go":
            return word + "es"
        return re.sub(r"(?<=[^aeiou])y$", "ie", word) + "s"


class Writer:
    """Writes one document: expands the grammar with the words of one topic and a small cast that stays the same."""

    def __init__(self, language, rng):
        self.topics, self.words, self.grammar, self.inflection = language
        self.rng = rng
        self.topic = rng.choice(self.topics)
        self.focus = rng.sample(self.topic["things"], 4)
        self.acts_in_focus = rng.sample(self.topic["acts"], 2)
        self.a_is_he = rng.random() < 0.5
        heroes = {True: "he_name", False: "she_name"}
        self.cast = {
            "A": self.pick(self.words[heroes[self.a_is_he]]),
            "B": self.pick(self.words[heroes[not self.a_is_he]]),
            "Town": self.town(), "Town2": self.town(), "last": self.family_name(), "It": self.focus[0],
        }
        self.cast["full"] = self.cast["A"] + " " + self.cast["last"]
        self.cast["TOWN"] = self.cast["Town"].upper()

    def pick(self, words):
        """Draws a word; earlier ones are likelier (Zipf with a small exponent)."""
        return self.rng.choices(words, [1 / (rank + 4) ** 0.6 for rank in range(len(words))])[0]

    def number(self, low, high):
        return self.rng.randint(low, high)

    def chance(self, probability):
        return self.rng.random() < probability

    def town(self):
        start, end = self.pick(self.words["town_start"]), self.pick(self.words["town_end"])
        return start + (end.capitalize() if start.endswith(" ") else end)

    def family_name(self):
        return self.pick(self.words["name_start"]) + self.pick(self.words["name_end"])

    def thing(self):
        return self.pick(self.focus) if self.chance(0.55) else self.pick(self.topic["things"])

    def adjective(self):
        return self.pick(self.topic["adj"]) if self.chance(0.55) else self.pick(self.words["general_adj"])

    def act(self, form):
        """An action of the topic, "knead the dough"; `part` is the participle alone, "kneaded"."""
        if self.chance(0.12):
            verb, thing = self.pick(self.words["do_any"]), self.thing()
        else:
            verbs, objects = self.rng.choice(self.acts_in_focus if self.chance(0.45) else self.topic["acts"])
            verb, thing = self.pick(verbs), self.pick(objects)
        if form == "part":
            return self.inflection.verb(verb, "pp")
        return self.inflection.verb(verb, form) + " " + self.object_of(thing)

    def object_of(self, thing):
        adjective, plural = self.adjective(), self.inflection.plural(thing)
        if thing.startswith("~"):
            mass = thing[1:]
            return self.pick([f"the {mass}", f"the {adjective} {mass}", f"some {mass}", f"{adjective} {mass}"])
        return self.pick([f"the {thing}", f"the {adjective} {thing}", f"the {plural}", f"a {adjective} {thing}",
                          f"the {adjective} {plural}", f"{self.pick(self.words['small'])} {plural}", f"every {thing}",
                          f"{adjective} {plural}", f"another {thing}"])

    def count(self):
        return self.pick(self.words["small"]) if self.chance(0.6) else str(self.number(11, 98))

    def price(self):
        amount = self.number(2, 60) * self.pick([1, 5, 10])
        return self.pick([f"{amount} crowns", f"${amount}", f"{amount} pounds", f"${amount}.{self.number(1, 9)}0"])

    def lexical(self, symbol, form):
        """Gives the text of a symbol that is a word and not a rule; None where it is neither."""
        he, topic = self.a_is_he, self.topic
        if symbol in self.cast:
            return self.cast[symbol]
        makers = {
            "act": lambda: self.act(form), "thing": self.thing, "adj": self.adjective, "price": self.price,
            "gen_adj": lambda: self.pick(self.words["general_adj"]), "mass": lambda: self.pick(topic["masses"]),
            "person": lambda: self.pick(topic["people"]), "place": lambda: self.pick(topic["places"]),
            "people": lambda: self.inflection.plural(self.pick(topic["people"])),
            "event": lambda: self.pick(topic["events"]), "goal": lambda: self.pick(topic["goals"]),
            "sign": lambda: self.pick(topic["signs"]), "num": self.count, "number2": self.count,
            "bignum": lambda: f"{self.number(2, 90)}00" if self.chance(0.6) else f"{self.number(2, 30)},000",
            "year": lambda: str(self.number(1780, 2009)), "life": self.life_dates, "clock": self.clock,
            "daymonth": lambda: f"{self.number(1, 28)} {self.pick(self.words['month'])}",
            "full2": lambda: self.pick(self.words[self.pick(["he_name", "she_name"])]) + " " + self.family_name(),
            "last2": self.family_name, "A_he": lambda: "he" if he else "she", "A_his": lambda: "his" if he else "her",
            "A_him": lambda: "him" if he else "her", "It_cap": lambda: self.cast["It"].title(),
            "A_thing_it": lambda: f"a {self.cast['It']}", "abstract2": lambda: self.pick(self.words["abstract"]),
            "Weekday2": lambda: self.pick(self.words["weekday"]), "par": lambda: "\n\n", "line": lambda: "\n",
            "maybe_par": lambda: self.pick(["\n\n", " "]),
        }
        if symbol in makers:
            return makers[symbol]()
        return self.pick(self.words[symbol]) if symbol in self.words else None

    def life_dates(self):
        born = self.number(1780, 1920)
        return f"{born}-{born + self.number(31, 88)}"

    def clock(self):
        return f"{self.number(6, 11)}.{self.pick(['00', '15', '30', '45'])}"

    def expand(self, symbol, form=""):
        word = self.lexical(symbol, form)
        if word is not None:
            if symbol in ("act", "people") or not form:
                return word
            noun = symbol in ("thing", "abstract", "unit_time", "unit_size")
            return self.inflection.plural(word) if noun else self.inflection.verb(word, form)
        if symbol in self.grammar:
            alternative = self.rng.choices(*self.grammar[symbol])[0]
            return re.sub(r"<(\w+)(?: (\w+))?>", lambda slot: self.expand(slot[1], slot[2] or ""), alternative)
        lower = symbol[0].lower() + symbol[1:]
        if lower == symbol:
            raise KeyError(f"forms.txt: <{symbol}> is neither a rule nor a word list")
        return upper_first(self.expand(lower, form))

    def document(self):
        return tidy(self.expand("document"))


def upper_first(text):
    return text[:1].upper() + text[1:]


def tidy(text):
    """Capitalises sentences, settles a/an, drops doubled blanks and stops."""
    text = re.sub(r"\b([Aa]) (?=[aeiou]|hour|honest)(?!useful|uni|eu|one|use)", r"\1n ", text)
    text = re.sub(r" *\n *", "\n", re.sub(r" {2,}", " ", text))
    text = re.sub(r"([.?!]) *\.", r"\1", text)
    text = re.sub(r'(^|\n|[.?!] |\." |\n\w+: )("?[a-z])', lambda match: match[1] + match[2].upper(), text)
    return text.strip()


def generate(seed, num_bytes):
    """Yields documents of 100 to 1500 characters, all different, until their text reaches `num_bytes`."""
    rng = random.Random(seed)
    language = read_topics(), read_assignments(read_lines("words.txt")), read_grammar(), Inflection()
    seen = set()
    written = 0
    while written < num_bytes:
        text = Writer(language, rng).document()
        if not 100 <= len(text) <= 1500 or text in seen:
            continue
        seen.add(text)
        written += len(text.encode())
        yield text


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=HERE / "c4_test" / "c4_test.jsonl")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bytes", type=int, default=1_000_000, help="bytes of text, JSON not counted")
    options = parser.parse_args()
    options.output.parent.mkdir(parents=True, exist_ok=True)
    part = options.output.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        for text in generate(options.seed, options.bytes):
            file.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")
    part.replace(options.output)


if __name__ == "__main__":
    main()
