"""A plan before its inputs are named: what is done, what comes out, and which parts it waits for."""

from dataclasses import dataclass
from typing import Final

from evoserver.demo_model.words import (
    identifier,
    is_plural,
    vocabulary,
)

_COLLECTIVES: Final = vocabulary(
    "data news feedback list figures traffic mail inventory table dataset csv spreadsheet sales "
    "research content equipment"
)
_TEXTS: Final = vocabulary(
    "article text document page email message letter transcript story report summary file pdf "
    "book paper contract post code html blog review description speech poem draft newsletter "
    "content outline answer"
)
_NUMBERS: Final = vocabulary("price total average sum cost count percentage rate roi budget age number score margin")
CONTAINERS: Final = vocabulary(
    "table tables database file files csv api endpoint spreadsheet sheet page pages website feed"
)


@dataclass(frozen=True)
class Sketch:
    """One node to be: `needs` are the positions of the sketches whose outputs it takes; none means the goal."""

    name: str
    description: str
    reason: str
    output: str
    type: str
    needs: tuple[int, ...] = ()


def step(
    verb: str, noun: tuple[str, ...], what: str, why: str, type_: str, needs: tuple[int, ...] = (), *, output: str = ""
) -> Sketch:
    """A sketch that is named by a verb and a noun; its output is called like the noun unless it has a name."""
    return Sketch(name_of(verb, noun), what, why, output or identifier(noun, "result"), type_, needs)


def name_of(verb: str, words: tuple[str, ...] | list[str], fallback: str = "part") -> str:
    return identifier([verb, *words], fallback)


def value_of(words: tuple[str, ...] | list[str]) -> str:
    """The name of the thing itself: the orders in "our orders table"."""
    inside = list(words)
    while inside and inside[-1] in CONTAINERS:
        inside.pop()
    return identifier(inside or [*words, "contents"], "result")


def type_of(words: tuple[str, ...] | list[str]) -> str:
    """The parameter type that suits a noun: a list, a record, a text or a number."""
    head = words[-1] if words else ""
    if head in _NUMBERS:
        return "number"
    if head in _COLLECTIVES or is_plural(head):
        return "array"
    return "string" if head in _TEXTS else "object"
