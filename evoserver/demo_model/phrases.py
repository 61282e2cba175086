"""What a clause is about: its verb, its object, and what follows the prepositions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Final

from evoserver.demo_model.verbs import Role, Verb, find_verb
from evoserver.demo_model.words import (
    CLAUSE_WORDS,
    PREPOSITIONS,
    PRONOUNS,
    content_words,
    split_words,
    vocabulary,
)

MAX_OBJECT_WORDS: Final = 4
MAX_ITEMS: Final = 4

GENERIC: Final = vocabulary(
    "data dataset information info content contents text file files finding findings trend trends "
    "pattern patterns insight insights statistics stats totals anomalies outliers output outputs "
    "answers items details performance quality sentiment conclusions topics keywords entities "
    "model"
)
"""Nouns that say nothing about whose data they are: "clean the data" means the data from the step before."""

_OBJECT_AFTER_FOR: Final = vocabulary("search look scan browse google ask wait")
_PARTICLES: Final = vocabulary("up out down off")
_FIXED_PAIRS: Final = frozenset(
    {
        ("pros", "cons"),
        ("terms", "conditions"),
        ("research", "development"),
        ("supply", "demand"),
        ("black", "white"),
        ("questions", "answers"),
    }
)
_TAIL: Final = re.compile(r"\b(?:" + "|".join(sorted(PREPOSITIONS | CLAUSE_WORDS)) + r")\b", re.IGNORECASE)
_LIST: Final = re.compile(r"\s*,\s*(?:and\s+)?|\s+(?:and|&)\s+")
_TOKENS: Final = re.compile(r"[^\W_](?:[\w'’&+#/@.:-]*[\w+#])?|,|&")


class Joint(StrEnum):
    """How a clause hangs on the one before it."""

    AND = "and"  # its meaning decides
    THEN = "then"  # after everything before it
    TOGETHER = "together"  # beside the one before it


@dataclass(frozen=True)
class Phrase:
    """A noun phrase: the items of its object ("weather and traffic" are two) and its prepositional tails."""

    items: tuple[tuple[str, ...], ...]
    tails: tuple[tuple[str, tuple[str, ...]], ...]
    has_pronoun: bool

    @property
    def words(self) -> tuple[str, ...]:
        """The object's content words, the last ones if they are many: English puts the head at the end."""
        return tuple(dict.fromkeys(word for item in self.items for word in item))[-MAX_OBJECT_WORDS:]

    def tail(self, *prepositions: str) -> tuple[str, ...]:
        """The content words behind the first of these prepositions that is there; empty if none is."""
        return next((words for preposition, words in self.tails if preposition in prepositions), ())

    def all_words(self) -> Iterator[str]:
        for item in self.items:
            yield from item
        for _, words in self.tails:
            yield from words


@dataclass(frozen=True)
class Clause:
    """One thing to do, as the goal says it. `verb` is None where the verb is not known."""

    text: str
    word: str
    verb: Verb | None
    phrase: Phrase
    joint: Joint = field(default=Joint.AND)

    @property
    def role(self) -> Role:
        return self.verb.role if self.verb else Role.TREAT

    @property
    def refers_back(self) -> bool:
        """Whether it cannot be done without what came before: "analyse it", "clean the data", "deploy"."""
        words = (*self.phrase.words, *self.phrase.tail("of", "for", "about", "on"))
        if self.phrase.has_pronoun or not self.phrase.words:
            return True
        return self.role is not Role.GATHER and bool(words) and GENERIC.issuperset(words)


def read_phrase(text: str) -> Phrase:
    """The object of the text up to its first preposition or relative clause, then the tails."""
    tokens = _TOKENS.findall(text)
    heads = [i for i, token in enumerate(tokens) if token.lower() in PREPOSITIONS | CLAUSE_WORDS]
    object_end = heads[0] if heads else len(tokens)
    tails = []
    for start, end in zip(heads, [*heads[1:], len(tokens)], strict=False):
        words = tuple(content_words(tokens[start + 1 : end]))
        if words:
            tails.append((tokens[start].lower(), words[:MAX_OBJECT_WORDS]))
    object_tokens = tokens[:object_end]
    has_pronoun = any(token.lower() in PRONOUNS for token in object_tokens[-1:])
    return Phrase(_items(object_tokens), tuple(tails), has_pronoun)


def read_clause(text: str, joint: Joint = Joint.AND) -> Clause:
    """The clause that starts with its verb."""
    words = split_words(text)
    found = find_verb(words[0]) if words else None
    verb, word = found if found else (None, words[0].lower() if words else "")
    rest = text.split(words[0], 1)[1] if words else ""
    if len(words) > 1 and words[1].lower() in _PARTICLES:
        rest = rest.split(words[1], 1)[1]
    phrase = read_phrase(rest)
    moved = ("for",) if word in _OBJECT_AFTER_FOR and phrase.tail("for") else ()
    is_handed_over = verb is not None and verb.role is Role.DELIVER and not verb.output.endswith("_answered")
    if moved or (not phrase.items and not phrase.has_pronoun and phrase.tails and not is_handed_over):
        phrase = _object_from_tail(phrase, moved or (phrase.tails[0][0],))
    return Clause(text.strip(), word, verb, phrase, joint)


def tail_text(text: str) -> str:
    """The text from its first preposition or relative clause on, as it stands there; empty if there is none."""
    first = _TAIL.search(text)
    return text[first.start() :] if first else ""


def list_after(text: str, *prepositions: str) -> list[str]:
    """The items of the list behind a preposition: French and German in "translate it into French and German"."""
    starts = re.search(rf"\b(?:{'|'.join(prepositions)})\b", text)
    if starts is None:
        return []
    behind = text[starts.end() :]
    end = _TAIL.search(behind)
    return [item.strip() for item in _LIST.split(behind[: end.start() if end else None]) if item.strip()]


def _items(tokens: list[str]) -> tuple[tuple[str, ...], ...]:
    """The parts of a list in an object: "orders, customers and the weather" has three."""
    groups: list[list[str]] = [[]]
    for token in tokens:
        if token.lower() in {",", "&", "and", "plus"}:
            groups.append([])
        else:
            groups[-1].append(token)
    items = [tuple(content_words(group)[-MAX_OBJECT_WORDS:]) for group in groups]
    items = [item for item in dict.fromkeys(items) if item]
    for first, second in pairwise(items):
        if (first[-1], second[0]) in _FIXED_PAIRS:
            return (tuple(word for item in items for word in item),)
    return tuple(items)


def _object_from_tail(phrase: Phrase, prepositions: tuple[str, ...]) -> Phrase:
    """ "search the web for papers": the papers are the object, the web is where."""
    moved = phrase.tail(*prepositions)
    kept = tuple(tail for tail in phrase.tails if tail[1] is not moved)
    where = tuple(("in", item) for item in phrase.items)
    return Phrase((moved,), kept + where, has_pronoun=False)
