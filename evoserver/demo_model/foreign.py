"""Goals in other languages: parts by punctuation and by the common words for "and" and "then"."""

import re
from typing import Final

from evoserver.demo_model.sketches import Sketch, step
from evoserver.demo_model.verbs import find_verb
from evoserver.demo_model.words import (
    STOP_WORDS,
    ascii_words,
    identifier,
    sentence,
    shorten,
    split_words,
    vocabulary,
)

MAX_PARTS: Final = 7

_THEN: Final = vocabulary(
    "dann danach anschließend schließlich puis ensuite enfin luego después finalmente poi dopo "
    "infine depois então затем потом наконец накрая после potem następnie sonra daarna "
    "vervolgens sedan därefter ثم"
)
_AND: Final = vocabulary("und et y e и та i ve en och og και")
_ARTICLES: Final = vocabulary(
    "der die das den dem des ein eine einen einem und aus mit von für zu le la les un une des du "
    "de et pour avec el los las una para con y il lo gli di per o os as um uma и на от за в с със "
    "по из для che que je jeden en het een att"
)
_UNSPACED_THEN: Final = "然后|接着|之后|最后|それから|そして|その後|그리고|그런 다음"
_BREAKS: Final = re.compile(
    rf"[.!?;:,…]+(?=\s|$)|[、，。；：！？،؛؟\n]+|{_UNSPACED_THEN}|\b(?:след това|{'|'.join(sorted(_THEN))})\b",
    re.IGNORECASE,
)
_JOINS: Final = re.compile(rf"(?<=\s)(?:{'|'.join(sorted(_AND))})(?=\s)", re.IGNORECASE)
_ENGLISH: Final = vocabulary("the a an of and to for our my your from with it is that this how what in on")


def is_foreign(text: str) -> bool:
    """Whether nothing in the text's first words looks like English."""
    words = [word.lower() for word in split_words(text)[:60]]
    if not words or any(find_verb(word) for word in words[:1]):
        return False
    english = sum(word in _ENGLISH or (word in STOP_WORDS and word.isascii()) for word in words)
    articles = sum(word in _ARTICLES and word not in _ENGLISH for word in words)
    written_otherwise = sum(not word.isascii() for word in words)
    return written_otherwise * 2 > len(words) or articles > english


def outline_foreign(text: str) -> list[Sketch]:
    """A step for each part of the text: one after the other, "and" side by side."""
    sketches: list[Sketch] = []
    before: tuple[int, ...] = ()
    for stage in _stages(text)[:MAX_PARTS]:
        first = len(sketches)
        sketches += [_step(side, number, before) for number, side in enumerate(stage, start=first + 1)]
        before = tuple(range(first, len(sketches)))
    if len(sketches) == 1:
        only = sketches[0]
        what, why = "Compare the result with the goal and mend what is missing.", "A second look finds more."
        review = step("review", ("result",), what, why, only.type, (0,), output="reviewed_result")
        return [only, review]
    return sketches


def _stages(text: str) -> list[list[str]]:
    """What is done one after the other; inside a stage, what is done side by side.

    Most languages start an order with its verb: "collect news and weather" is "collect news", "collect weather".
    """
    stages: list[list[str]] = []
    for part in _BREAKS.split(text):
        sides = [side for side in _JOINS.split(part) if _content(side)]
        opens_stage = True
        for side in sides:
            is_noun = len(_content(side)) == 1 and not opens_stage and len(_content(sides[0])) > 1
            if is_noun:
                stages[-1].append(f"{_content(sides[0])[0]} {side.strip()}")
            else:
                stages.append([side])
            opens_stage = False
    return stages


def _content(text: str) -> list[str]:
    return [word for word in split_words(text) if word.lower() not in _ARTICLES]


def _step(text: str, number: int, needs: tuple[int, ...]) -> Sketch:
    words = [part for word in _content(text) for part in ascii_words(word)]
    name = identifier(words[:4], f"part_{number}")
    said = shorten(text, 160)
    return Sketch(name, sentence(said), f"The goal asks for it: “{said}”.", f"{name}_result", "string", needs)
