"""Reading a goal: from a person's text to the clauses that say what is to be done."""

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from evoserver.demo_model.phrases import Clause, Joint, read_clause
from evoserver.demo_model.products import is_product
from evoserver.demo_model.verbs import Role, Verb, find_verb, is_inflected
from evoserver.demo_model.words import (
    CLAUSE_WORDS,
    DETERMINERS,
    PREPOSITIONS,
    PRONOUNS,
    STOP_WORDS,
    is_plural,
    split_words,
    vocabulary,
)

MAX_READ: Final = 4_000
"""Characters of a goal that are read for its meaning; a longer text says what it wants at its start."""

_THEN, _TOGETHER = "\x1e", "\x1f"
_UNWANTED: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]|\([^()\n]*\)|\b(?:e\.g|i\.e)\.")
_NUMBERED: Final = re.compile(r"(?m)^[ \t]*(?:step[ \t]*)?\(?\d{1,2}[.):][ \t]+|(?<=\s)\(?\d{1,2}\)[ \t]+")
_INLINE_NUMBERS: Final = re.compile(r"(?<=\s)\d{1,2}\.[ \t]+(?=[^\W\d])")
_BULLET: Final = re.compile(r"(?m)^[ \t]*[-*•–][ \t]+")
_THEN_WORDS: Final = re.compile(
    r"(?:,[ ]*)?\b(?:(?:and[ ]+)?(?:then|finally|lastly)|after[ ](?:that|this|which)|afterwards?|subsequently"
    r"|thereafter|once[ ](?:done|finished|ready|that[ ]is[ ]done)|followed[ ]by|before[ ](?=\w+ing\b))\b[ ,:]*",
    re.IGNORECASE,
)
_TOGETHER_WORDS: Final = re.compile(
    r"\b(?:in[ ]parallel|at[ ]the[ ]same[ ]time|simultaneously|concurrently|meanwhile|while(?=[ ]\w+ing\b))\b[ ,:]*",
    re.IGNORECASE,
)
_AFTER_DOING: Final = re.compile(r"^\s*after[ ](?=\w+ing\b)([^,]{3,200}),", re.IGNORECASE)
_SENTENCE_END: Final = re.compile(r"[.!?…]+(?=\s|$)|[。！？；;\n]+")
_PIECES: Final = re.compile(r"(\s*(?:,\s*and\b|,(?!\d)|\band\b|\s&\s|\bplus\b|\bas well as\b)\s*)", re.IGNORECASE)
_LEADERS: Final = re.compile(
    r"^(?:(?:also|please|kindly|next|first(?:ly)?|second(?:ly)?|third(?:ly)?|just|simply|automatically|hi|hello|hey|now|so|but"
    r"|and|to|you[ ](?:should|must|can|will)|(?:it|that)[ ](?:should|must|can|will|needs[ ]to)|let['’]?s"
    r"|(?:i|we)(?:['’]d|[ ]would)?[ ](?:want|need|like|wish|have|love|hope|plan)(?:[ ]you)?[ ]to"
    r"|(?:i|we)['’](?:m|re)[ ](?:trying|going)[ ]to"
    r"|help[ ](?:me|us)(?:[ ]to)?|(?:can|could|would|will)[ ]you(?:[ ]please)?|make[ ]sure[ ]to|try[ ]to"
    r"|(?:the|my|our|your)[ ](?:goal|task|job|aim)[ ]is[ ]to)\b[\s,:]*)+",
    re.IGNORECASE,
)
_WISH: Final = re.compile(
    r"^(?:please[ ,]+)?(?:(?:i|we)(?:['’]d|[ ]would)?[ ](?:want|need|like)|(?:give|show|get)[ ](?:me|us)"
    r"|there[ ]should[ ]be)[ ](?!to\b|you\b)",
    re.IGNORECASE,
)
_FRAME: Final = re.compile(
    r"^(?:(?:create|build|make|design|generate|set[ ]up|develop|write|define|prepare|implement|give[ ]me"
    r"|i[ ](?:need|want))[ ]+)?"
    r"(?:(?:me|us)[ ]+)?(?:(?:a|an|the|some|my|our)[ ]+)?(?P<topic>(?:[\w'’&-]+[ ]+){0,6}?)"
    r"(?:workflow|pipeline|automation|agent|agents|process|multi-agent[ ]system)\b"
    r"[ ,:]*(?P<link>that|which|where|who|to|for|of)?\b[ :]*",
    re.IGNORECASE,
)
_WANTED_INSIDE: Final = re.compile(
    r"\b(?:should|must|will|can|please|(?:want|wants|need|needs|like|going|trying|have|has)[ ]to)[ ]+(?=[a-z])",
    re.IGNORECASE,
)
_MADE_FOR: Final = re.compile(r"\b(?:that|which|for)[ ]+(?=[a-z])", re.IGNORECASE)
_QUESTION: Final = re.compile(
    r"^(?:what|why|how|who|whom|whose|when|where|which|is|are|was|were|do|does|did|should|will)\b", re.IGNORECASE
)
_HEADING: Final = re.compile(r"[^:.\n]{2,80}:\s+(?=[^\W\d_])")
_SMALL_DETERMINERS: Final = vocabulary("a an the my our your their its his her")
_FRAME_FILLERS: Final = vocabulary("multi-agent agentic ai automated automatic agent simple small basic new good")


@dataclass(frozen=True)
class Reading:
    """A goal as understood: things to do, or, where no verb was found, the noun phrase or question that it is."""

    text: str
    clauses: tuple[Clause, ...]
    is_question: bool = False


def read_goal(goal: str) -> Reading:
    """What an English goal asks for. Never fails: what is not understood is kept as `text`."""
    text = _readable(goal)
    first_line = text.split("\n", 1)[0]
    if _QUESTION.match(text) and "?" in first_line and not _LEADERS.match(text):
        return Reading(text.split("?", 1)[0].strip(), (), is_question=True)
    text, topic = _without_frame(text)
    clauses: list[Clause] = []
    for number, segment in enumerate(_marked(text).split(_THEN)):
        opening = Joint.THEN if number else Joint.AND
        for sentence in _SENTENCE_END.split(segment):
            found = _clauses_of(sentence, is_first=not clauses, joint=opening)
            opening = Joint.AND if found else opening
            clauses += found
    return Reading(topic or text, tuple(clauses))


def _readable(goal: str) -> str:
    text = _UNWANTED.sub(" ", goal.replace("\r", "\n")[:MAX_READ])
    return re.sub(r"[ \t\x0b\f\xa0]+", " ", text).strip()


def _without_frame(text: str) -> tuple[str, str]:
    """The text without "create a workflow that …", and the workflow's topic where that is all it says."""
    heading = _HEADING.match(text)
    if heading and _is_verb(split_words(text[heading.end() :])[:8] or ["-"], is_first=True):
        return text[heading.end() :], ""
    bare = _LEADERS.sub("", text, count=1)
    frame = _FRAME.match(bare)
    if frame is None:
        return _WISH.sub("", text, count=1), ""
    topic = " ".join(word for word in frame["topic"].split() if word.lower() not in _FRAME_FILLERS)
    rest = bare[frame.end() :].strip(" .:\n")
    if not rest:
        return topic or bare, topic
    if topic and find_verb(split_words(topic)[0]) and not frame["link"]:
        return bare, ""
    words = split_words(rest)
    if words and (frame["link"] or "").lower() in {"for", "of"} and not find_verb(words[0]):
        return f"{rest} {topic}".strip() if topic else rest, f"{rest} {topic}".strip()
    return rest, ""


def _marked(text: str) -> str:
    """The text with one mark for every way of saying "then", and another for "at the same time"."""
    text = _NUMBERED.sub(_THEN, text)
    if "1. " in text or text.startswith(_THEN):
        text = _INLINE_NUMBERS.sub(_THEN, text)
    text = _AFTER_DOING.sub(rf"\1{_THEN}", _BULLET.sub("", text))
    return _TOGETHER_WORDS.sub(_TOGETHER, _THEN_WORDS.sub(_THEN, text)).strip(f"{_THEN} \n")


def _clauses_of(sentence: str, *, is_first: bool, joint: Joint) -> list[Clause]:
    """The clauses of one sentence; a sentence that asks for nothing has none."""
    together = _TOGETHER in sentence
    pieces = _PIECES.split(sentence.replace(_TOGETHER, " , ").strip(" ,:"))
    texts: list[str] = []
    for separator, piece in zip(["", *pieces[1::2]], pieces[::2], strict=True):
        seen = {split_words(text)[0].lower() for text in texts}
        start = _clause_start(piece, seen, is_first=is_first and not texts, is_open=not texts and joint is Joint.THEN)
        if not start and not texts:
            start = _clause_inside(piece, is_first=is_first)
        if start:
            texts.append(start)
        elif texts:
            texts[-1] += separator + piece
    clauses = [read_clause(text.strip(" ,:")) for text in texts]
    clauses = [_with_borrowed_object(clause, clauses[i + 1 :]) for i, clause in enumerate(clauses)]
    if together and len(clauses) == 1 and not is_first:
        return [replace(clauses[0], joint=Joint.TOGETHER)]
    joints = [joint]
    for before, clause in pairwise(clauses):
        is_beside = together and not before.refers_back and not clause.refers_back
        joints.append(Joint.TOGETHER if is_beside else Joint.AND)
    return [replace(clause, joint=one) for clause, one in zip(clauses, joints, strict=False)]


def _clause_start(piece: str, seen: set[str], *, is_first: bool, is_open: bool) -> str:
    """The piece from its verb on, or "" if it goes on with what was said before. `is_open`: it follows a "then"."""
    bare = _LEADERS.sub("", piece.strip(), count=1)
    words = split_words(bare)
    if not words:
        return ""
    if len(words) > 1 and words[0].lower() in seen:
        return bare
    if _is_verb(words, is_first=is_first or is_open or bare != piece.strip()):
        return bare
    return bare if is_open and words[0].isascii() and words[0].lower() not in STOP_WORDS else ""


def _clause_inside(piece: str, *, is_first: bool) -> str:
    """What a sentence wants further in: "we have a shop and need to forecast demand", "a tool that compares prices"."""
    for match in [*_WANTED_INSIDE.finditer(piece), *(_MADE_FOR.finditer(piece) if is_first else ())]:
        inner = piece[match.end() :]
        found = find_verb(split_words(inner)[0])
        if found and (not found[0].is_also_noun or _takes_object(split_words(inner))):
            return inner
    return ""


def _is_verb(words: list[str], *, is_first: bool) -> bool:
    """Whether these words start with a verb, as far as that can be told of words such as "report" or "email"."""
    first, following = words[0].lower(), [word.lower() for word in words[1:]]
    found = find_verb(first)
    if found is None:
        is_unknown_verb = first.isalpha() and first.isascii() and first not in STOP_WORDS
        return is_unknown_verb and bool(following) and following[0] in _SMALL_DETERMINERS
    verb = found[0]
    if not verb.is_also_noun and not first.endswith("ing"):
        return True
    if _takes_object(words) or (_is_delivery(verb) and following[:1] == ["to"]):
        return True
    if is_inflected(first) and not (first.endswith("ing") and is_first):
        return False
    if not following or following[0] in PREPOSITIONS:
        return not following and not is_first and verb.role is Role.DELIVER
    if is_first:
        return not is_product(_head(following))
    return is_plural(following[0])


def _takes_object(words: list[str]) -> bool:
    return len(words) > 1 and words[1].lower() in DETERMINERS | PRONOUNS | {"me", "us", "him", "everyone"}


def _is_delivery(verb: Verb) -> bool:
    return verb.role is Role.DELIVER


def _head(words: list[str]) -> str:
    """The last word of the noun phrase that these words start with."""
    head = ""
    for word in words:
        if word in PREPOSITIONS or word in CLAUSE_WORDS:
            break
        head = word
    return head


def _with_borrowed_object(clause: Clause, later: list[Clause]) -> Clause:
    """ "clean and transform the data": the first verb's object is the second one's."""
    if clause.phrase.items or clause.phrase.has_pronoun or not later or len(split_words(clause.text)) > 1:
        return clause
    return replace(clause, phrase=later[0].phrase, text=f"{clause.text} {_rest(later[0].text)}")


def _rest(text: str) -> str:
    return text.split(" ", 1)[1] if " " in text else ""
