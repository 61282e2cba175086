"""Words, and the identifiers made of them."""

import keyword
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

MAX_IDENTIFIER: Final = 48


def vocabulary(text: str) -> frozenset[str]:
    """A set of words, written as a text."""
    return frozenset(text.split())


DETERMINERS: Final = vocabulary(
    "a an the my our your their his her its this that these those all any each every some both no"
)
PRONOUNS: Final = vocabulary("it them they this these those everything result results")
PREPOSITIONS: Final = vocabulary(
    "of from about regarding concerning on for to into onto in inside with within without by via "
    "using at under over per between across against through throughout during based as after "
    "before until since including according"
)
CLAUSE_WORDS: Final = vocabulary(
    "that which who whose where when whenever if unless so because how why what whether while"
)
FILLERS: Final = vocabulary(
    "also please simply just then next first firstly second secondly third finally lastly "
    "automatically quickly carefully me us him i we you he she of is are was were be been being "
    "has have had do does did will would should can could must may might not very more most such "
    "own only too there here new good great nice simple basic short full complete detailed quick "
    "one lot lots list set couple few several various different many and or & etc need needs want "
    "wants like via today's"
)
STOP_WORDS: Final = DETERMINERS | PRONOUNS | PREPOSITIONS | CLAUSE_WORDS | FILLERS

_WORD: Final = re.compile(r"[^\W_](?:[\w'’&+#/@.:-]*[\w+#])?")
_PARTS: Final = re.compile(r"[a-z0-9]+")

# Bulgarian and Russian, then Greek; other alphabets fall back to numbered names.
_CYRILLIC: Final = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
_CYRILLIC_SOUNDS: Final = "a b v g d e zh z i y k l m n o p r s t u f h ts ch sh sht a y  e yu ya"
_GREEK: Final = "αβγδεζηθικλμνξοπρσςτυφχψω"
_GREEK_SOUNDS: Final = "a v g d e z i th i k l m n x o p r s s t y f ch ps o"
_LATIN: Final = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i", "’": "'"}
_TRANSLITERATION: Final = str.maketrans(
    dict(zip(_CYRILLIC, _CYRILLIC_SOUNDS.split(" "), strict=True))
    | dict(zip(_GREEK, _GREEK_SOUNDS.split(" "), strict=True))
    | _LATIN
)


def split_words(text: str) -> list[str]:
    """The words of a text as they stand there; punctuation inside a word (`node.js`, a URL) stays with it."""
    return _WORD.findall(text)


def ascii_words(text: str) -> list[str]:
    """Lower-case ASCII words of a text in any script that can be transliterated; empty for the others."""
    bare = unicodedata.normalize("NFKD", text.lower().translate(_TRANSLITERATION))
    plain = "".join(c for c in bare if not unicodedata.combining(c)).translate(_TRANSLITERATION)
    return _PARTS.findall(re.sub(r"'s\b|'", "", plain))


def content_words(words: Iterable[str]) -> list[str]:
    """The words that carry the meaning, in their order, as ASCII, each once."""
    kept = [part for word in words if word.lower() not in STOP_WORDS for part in ascii_words(word)]
    return list(dict.fromkeys(part for part in kept if part not in STOP_WORDS))


def stem(word: str) -> str:
    """Singular and plural of a word under one roof, roughly: what is needed to see that two mean the same."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def stems(words: Iterable[str]) -> frozenset[str]:
    return frozenset(map(stem, words))


def plural(word: str) -> str:
    """The word for several of them; a word that is plural already stays."""
    if is_plural(word) or word.endswith("s"):
        return word
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("x", "ch", "sh")) else "s")


def is_plural(word: str) -> bool:
    return stem(word) != word


def identifier(words: Sequence[str], fallback: str) -> str:
    """A snake_case identifier of ASCII words, whole words up to MAX_IDENTIFIER characters; never a keyword."""
    parts = list(words)
    while parts and parts[0][0].isdigit():
        parts.pop(0)
    name = ""
    for part in parts:
        longer = f"{name}_{part}" if name else part[:MAX_IDENTIFIER]
        if len(longer) > MAX_IDENTIFIER:
            break
        name = longer
    name = name or fallback
    return f"{name}_value" if keyword.iskeyword(name) or keyword.issoftkeyword(name) or name == "goal" else name


def unique(name: str, taken: Iterable[str]) -> str:
    """The name, or the first of `name_2`, `name_3` … that nobody has."""
    others = set(taken)
    if name not in others:
        return name
    number = 2
    while f"{name}_{number}" in others:
        number += 1
    return f"{name}_{number}"


def shorten(text: str, limit: int) -> str:
    """The text on one line, cut at a word's end, with an ellipsis where something is missing."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    head = line[: limit - 1]
    return (head.rsplit(" ", 1)[0] if " " in head[limit // 2 :] else head) + "…"


def sentence(text: str) -> str:
    """The text as a sentence: a capital at its start and a full stop at its end."""
    line = text.strip(" ,;:-\n")
    if not line:
        return ""
    return line[0].upper() + line[1:] + ("" if line[-1] in ".!?…。！？" else ".")
