"""From the clauses of a goal to a graph: what can run side by side, and what waits for what.

An explicit "then" is a barrier: what follows waits for everything open before it. Elsewhere the meaning decides: an
object that refers back ("analyse it"), shares a word with what was made, or is made from something ("a report",
"the trends") waits; a thing with an object of its own ("collect the news, check my calendar") runs beside it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from evoserver.demo_model.phrases import (
    GENERIC,
    MAX_ITEMS,
    MAX_OBJECT_WORDS,
    Clause,
    Joint,
    list_after,
    read_clause,
    tail_text,
)
from evoserver.demo_model.products import DERIVED, PREPARATORY, Product, product_of
from evoserver.demo_model.sketches import CONTAINERS, Sketch, name_of, type_of, value_of
from evoserver.demo_model.verbs import Role, Verb
from evoserver.demo_model.words import (
    PRONOUNS,
    identifier,
    sentence,
    shorten,
    split_words,
    stem,
    stems,
    vocabulary,
)

MAX_NODES: Final = 8
MAX_DESCRIPTION: Final = 240

_JOINS_ALL: Final = frozenset({Role.COMPOSE, Role.DELIVER})
_COMBINES: Final = vocabulary("merge combine join consolidate integrate aggregate compare contrast")
_DRAWN: Final = vocabulary("chart graph dashboard table")
_LIST: Final = re.compile(r"\s*,\s*(?:and\s+)?|\s+(?:and|&)\s+")
_JUDGING: Final = ("_evaluation", "_review", "_check", "_approved", "_test_results")
_ADDRESSES: Final = vocabulary("recipient address contact subscriber attendee guest")
_TRANSLATES: Final = vocabulary("translate localise localize")
_PRONOUN: Final = re.compile(r"\b(?:" + "|".join(sorted(PRONOUNS)) + r")\b", re.IGNORECASE)
_UNKNOWN: Final = Verb("", Role.TREAT, "{o}_result", "object", is_also_noun=False)


@dataclass
class _Part:
    """A clause with its place in the graph."""

    clause: Clause
    words: tuple[str, ...]
    needs: tuple[int, ...]

    @property
    def judges(self) -> bool:
        """Whether it only gives an opinion: what comes next needs the thing that was judged, too."""
        return self.clause.verb is not None and self.clause.verb.output.endswith(_JUDGING)

    @property
    def meaning(self) -> frozenset[str]:
        return stems(self.words) | stems(w for w in self.clause.phrase.all_words() if w not in GENERIC)


@dataclass
class _Linker:
    """Places one clause after the other. `frontier` is what nobody uses yet, `group` what runs side by side now."""

    parts: list[_Part] = field(default_factory=list)
    frontier: list[int] = field(default_factory=list)
    base: list[int] = field(default_factory=list)
    group: list[int] = field(default_factory=list)
    after_barrier: bool = False

    def place(self, clause: Clause) -> None:
        if self.parts and clause.joint is Joint.THEN:
            self._open_group(barrier=True)
        elif self.group and clause.joint is Joint.AND and self._waits(clause):
            self._open_group(barrier=False)
        needs = self._needs(clause)
        words = self._words(clause, needs)
        judged = [i for need in needs if self.parts[need].judges for i in self.parts[need].needs]
        needs = sorted({*needs, *judged})
        self.group.append(len(self.parts))
        self.frontier = [i for i in self.frontier if i not in needs] + [len(self.parts)]
        self.parts.append(_Part(clause, words, tuple(needs)))

    def _open_group(self, *, barrier: bool) -> None:
        self.base, self.group, self.after_barrier = list(self.frontier), [], barrier

    def _waits(self, clause: Clause) -> bool:
        """Whether a clause needs something of the current group."""
        group = [self.parts[i] for i in self.group]
        roles = {part.clause.role for part in group}
        last = group[-1].clause
        both_of_some = "ones" in clause.text.split() and "ones" in last.text.split()
        if (
            both_of_some
            or clause.word == last.word
            or (roles == {clause.role} and clause.role in {Role.GATHER, Role.DELIVER})
        ):
            return False
        if clause.refers_back or clause.word in _COMBINES or any(self._shares(clause, part) for part in group):
            return True
        match clause.role:
            case Role.GATHER:
                return False
            case Role.TREAT:
                return bool(roles & {Role.DERIVE, Role.COMPOSE, Role.DELIVER})
            case Role.DERIVE:
                return roles != {Role.DERIVE}
            case Role.COMPOSE:
                return not self._stands_alone(clause, group)
            case Role.DELIVER:
                return True

    @staticmethod
    def _stands_alone(clause: Clause, group: Sequence[_Part]) -> bool:
        made = [part for part in group if part.clause.role is Role.COMPOSE]
        if len(made) == len(group):
            return not any(stem(part.words[-1]) in PREPARATORY for part in made if part.words)
        only_addresses = all(part.words and stem(part.words[-1]) in _ADDRESSES for part in group if part not in made)
        return only_addresses and not DERIVED & stems(clause.phrase.words)

    @staticmethod
    def _shares(clause: Clause, part: _Part) -> bool:
        own = stems(word for word in clause.phrase.all_words() if word not in GENERIC)
        return bool(own & part.meaning)

    def _needs(self, clause: Clause) -> list[int]:
        if not self.base:
            return []
        if clause.role in _JOINS_ALL or clause.word in _COMBINES:
            return list(self.base)
        matched = [i for i in self.base if self._shares(clause, self.parts[i])]
        if matched:
            return matched
        stands_beside = bool(self.group) and not self.after_barrier and not clause.refers_back
        return [] if stands_beside and clause.role in {Role.GATHER, Role.TREAT} else list(self.base)

    def _words(self, clause: Clause, needs: Sequence[int]) -> tuple[str, ...]:
        """The words that name the clause's object; a pronoun borrows those of what it stands for."""
        own = named_words(clause)
        before = [self.parts[i] for i in needs or self.group[-1:]]
        said = {word.lower() for word in split_words(clause.text)}
        if own:
            stands_for = next((part.words[-1] for part in reversed(before) if part.words), "cases")
            return tuple(stands_for if word == "ones" else word for word in own)
        if "one" in said:
            return ("option",)
        if clause.role is Role.DELIVER and len(before) == 1 and not before[0].judges:
            return tuple(_output(before[0].clause, before[0].words).split("_"))[:MAX_OBJECT_WORDS]
        borrowed = [word for part in before for word in part.words]
        once = tuple(word for i, word in enumerate(borrowed) if word not in borrowed[i + 1 :])
        if clause.word in _TRANSLATES and clause.phrase.tail("to", "into"):
            return (*once[-2:], "to", *clause.phrase.tail("to", "into")[:2])
        return once if len(once) <= MAX_OBJECT_WORDS else ("results",)


def named_words(clause: Clause) -> tuple[str, ...]:
    """The words of the object, with its topic in front where the object alone says little: "sofia weather"."""
    words = clause.phrase.words
    if not words or clause.role is Role.DELIVER:
        return words
    if clause.word in _TRANSLATES:
        language = clause.phrase.tail("to", "into")
        return (*words, "to", *language[:2]) if language else words
    topics = ["about", "on", "regarding"] if clause.role is Role.GATHER else []
    if len(words) == 1 or CONTAINERS.issuperset(words):
        topics += ["of", "for", "about", "on"]
    topic = tuple(word for word in clause.phrase.tail(*topics) if word not in words)
    return (*topic[:2], *words)


def link(clauses: Sequence[Clause]) -> list[Sketch]:
    """The nodes of a goal with these clauses, in an order in which they could be done one after the other."""
    linker = _Linker()
    for part in _bounded([one for clause in _with_writing(_with_sources(clauses)) for one in spread(clause)]):
        linker.place(part)
    return [_sketch(placed, linker.parts) for placed in linker.parts]


def spread(clause: Clause) -> list[Clause]:
    """A clause for each item of its object: "fetch the weather and the news" is two things side by side."""
    targets = list_after(clause.text, "to", "into") if clause.word in _TRANSLATES else []
    if 1 < len(targets) <= MAX_ITEMS:
        head = re.split(r"\b(?:in)?to\b", clause.text, maxsplit=1)[0].strip()
        return _side_by_side(clause, [f"{head} to {target}" for target in targets])
    told_apart = _LIST.split(clause.text.partition(" ")[2])
    if clause.role is Role.GATHER and 1 < len(told_apart) <= MAX_ITEMS and all(map(tail_text, told_apart)):
        return _side_by_side(clause, [f"{clause.word} {item}" for item in told_apart])
    items = clause.phrase.items
    if not 1 < len(items) <= MAX_ITEMS or clause.word in _COMBINES or clause.verb is None:
        return [clause]
    tail = tail_text(clause.text)
    return _side_by_side(clause, [f"{clause.word} {' '.join(item)} {tail}".strip() for item in items])


def _side_by_side(clause: Clause, texts: Sequence[str]) -> list[Clause]:
    return [read_clause(text, clause.joint if i == 0 else Joint.TOGETHER) for i, text in enumerate(texts)]


def _with_sources(clauses: Sequence[Clause]) -> list[Clause]:
    """A comparison that comes first needs the things that it compares."""
    first, *others = clauses
    if first.word not in {"compare", "contrast"} or not 1 < len(first.phrase.items) <= MAX_ITEMS:
        return list(clauses)
    tail = tail_text(first.text)
    sources = _side_by_side(first, [f"research {' '.join(item)} {tail}".strip() for item in first.phrase.items])
    return [*sources, first, *others]


def _with_writing(clauses: Sequence[Clause]) -> list[Clause]:
    """A report that is to be sent, and that nobody wrote, is written first."""
    result: list[Clause] = []
    made: set[str] = set()
    for clause in clauses:
        own = stems(clause.phrase.words)
        is_written = product_of(clause.phrase.words) in {Product.REPORT, Product.TEXT, Product.MESSAGE}
        if result and clause.word in {"send", "email", "share", "publish", "post"} and is_written and not own & made:
            verb = "create" if _DRAWN & own else "write"
            writing = read_clause(f"{verb} the {' '.join(clause.phrase.words)}", clause.joint)
            result += [writing, replace(clause, joint=Joint.AND)]
        else:
            result.append(clause)
        made |= own | ({clause.verb.output.rsplit("_", 1)[-1]} if clause.verb else set())
    return result


def _bounded(clauses: list[Clause]) -> list[Clause]:
    """At most MAX_NODES clauses; what a very long list asks for beyond them becomes one last step."""
    if len(clauses) <= MAX_NODES:
        return clauses
    rest = len(clauses) - MAX_NODES + 1
    return [*clauses[: MAX_NODES - 1], read_clause(f"complete the remaining {rest} steps", Joint.THEN)]


def _sketch(part: _Part, parts: Sequence[_Part]) -> Sketch:
    clause, words = part.clause, part.words
    output = _output(clause, words)
    return Sketch(
        name=name_of(clause.word, words),
        description=shorten(_description(part), MAX_DESCRIPTION),
        reason=_reason(part, parts),
        output=output,
        type=(clause.verb or _UNKNOWN).type or type_of(output.split("_")),
        needs=part.needs,
    )


def _output(clause: Clause, words: tuple[str, ...]) -> str:
    pattern = (clause.verb or _UNKNOWN).output
    if not words:
        return f"{clause.word}_result"
    is_source = clause.role is Role.GATHER and pattern == "{o}"
    return pattern.format(o=value_of(words) if is_source else identifier(words, "result"))


def _description(part: _Part) -> str:
    """The user's own words, with what a pronoun stands for in its place."""
    text = part.clause.text
    if part.clause.phrase.has_pronoun and part.words:
        stands_for = f"the {' '.join(part.words)}"
        text = _PRONOUN.sub(lambda _: stands_for, text, count=1)
    return sentence(text)


def _reason(part: _Part, parts: Sequence[_Part]) -> str:
    said = f"The goal asks for it: “{shorten(part.clause.text, 100)}”."
    if len(part.needs) > 1:
        return f"{said} It brings together {' and '.join(_label(parts[i]) for i in part.needs)}."
    return f"{said} It builds on {_label(parts[part.needs[0]])}." if part.needs else said


def _label(part: _Part) -> str:
    return name_of(part.clause.word, part.words).replace("_", " ")
