"""The verbs that the demo planner understands, and what each of them leaves behind."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a verb's object is to it, which decides what the step waits for."""

    GATHER = "gather"  # brings it in from outside
    TREAT = "treat"  # takes it as input
    DERIVE = "derive"  # works it out from what came before
    COMPOSE = "compose"  # makes it
    DELIVER = "deliver"  # hands it over


@dataclass(frozen=True)
class Verb:
    """A verb, its role, the name of its output (`{o}` is its object) and that output's type ("" : the object's)."""

    word: str
    role: Role
    output: str
    type: str
    is_also_noun: bool


# role | type | output | verbs; "?" marks a verb that is a noun just as often.
_TABLE: Final = """
gather  |         | {o}                | collect gather fetch get retrieve read load download scrape crawl query pull?
gather  |         | {o}                | ingest receive look obtain capture record? list?
gather  |         | imported_{o}       | import?
gather  |         | {o}                | search? scan? browse google
gather  | array   | {o}_findings       | research? explore investigate study? learn
gather  | array   | {o}_changes        | monitor? watch? track? observe follow
gather  | array   | {o}_responses      | survey? interview? ask poll?
treat   | object  | {o}_analysis       | analyse examine assess inspect audit? study?
treat   | object  | {o}_evaluation     | evaluate judge? grade? benchmark?
treat   | object  | {o}_review         | review? critique? proofread
treat   | string  | {o}_summary        | summarise condense digest? recap? shorten
treat   | object  | {o}_comparison     | compare contrast? match?
treat   |         | clean_{o}          | clean cleanse tidy sanitise
treat   |         | valid_{o}          | validate
treat   | object  | {o}_check          | check? verify confirm
treat   | boolean | {o}_approved       | approve authorise
treat   |         | transformed_{o}    | transform convert map? reshape migrate
treat   |         | normalised_{o}     | normalise standardise
treat   |         | combined_{o}       | merge combine join consolidate integrate
treat   | object  | {o}_totals         | aggregate
treat   |         | filtered_{o}       | filter?
treat   |         | sorted_{o}         | sort? order? organise
treat   | array   | ranked_{o}         | rank? prioritise score?
treat   | array   | classified_{o}     | classify categorise label? tag? group? cluster? segment? triage sort?
treat   | string  | translated_{o}     | translate localise
treat   | string  | transcribed_{o}    | transcribe
treat   |         | parsed_{o}         | parse
treat   | string  | formatted_{o}      | format?
treat   |         | enriched_{o}       | enrich annotate
treat   |         | deduplicated_{o}   | deduplicate dedupe
treat   |         | anonymised_{o}     | anonymise redact mask? encrypt
treat   |         | improved_{o}       | improve rewrite refine edit polish revise optimise simplify refactor update?
treat   |         | fixed_{o}          | fix? debug correct repair
treat   | array   | assigned_{o}       | assign allocate
treat   | array   | {o}_test_results   | test?
treat   | array   | processed_{o}      | process? handle
treat   | string  | {o}_explanation    | explain describe clarify
treat   | string  | {o}_answer         | answer? solve resolve
derive  |         | {o}                | calculate compute count? estimate? identify detect discover determine derive
derive  |         | {o}                | extract measure? forecast? predict decide spot? highlight? find
derive  |         | recommended_{o}    | recommend suggest select choose pick? propose
derive  | object  | {o}_chart          | visualise plot? chart? graph?
derive  | object  | {o}                | train? fit?
compose | string  | {o}                | write draft? compose author? create make generate produce prepare compile
compose | string  | {o}                | present? document? outline? report?
compose | object  | {o}                | build develop implement code? program? construct set assemble
compose | object  | {o}_design         | design? sketch? prototype? architect?
compose | object  | {o}_plan           | plan? schedule? arrange
compose | array   | {o}_ideas          | brainstorm invent
deliver | boolean | {o}_sent           | send deliver forward? mail? message?
deliver | boolean | {o}_answered       | reply? respond
deliver | boolean | {o}_escalated      | escalate
deliver | boolean | {o}_emailed        | email?
deliver | boolean | {o}_notified       | notify alert? inform remind tell warn
deliver | boolean | {o}_published      | publish post? tweet?
deliver | boolean | {o}_shared         | share?
deliver | boolean | {o}_deployed       | deploy release? launch? install
deliver | boolean | {o}_saved          | save store? archive? upload? export? log? insert
deliver | boolean | {o}_submitted      | submit file?
deliver | boolean | {o}_booked         | book? reserve? buy
"""


def _read_table(table: str) -> dict[str, Verb]:
    verbs: dict[str, Verb] = {}
    for line in table.strip().splitlines():
        role, type_, output, words = (cell.strip() for cell in line.split("|"))
        for marked in words.split():
            word = marked.rstrip("?")
            verbs.setdefault(word, Verb(word, Role(role), output, type_, marked.endswith("?")))
    return verbs


VERBS: Final = _read_table(_TABLE)


def _spellings(word: str) -> list[str]:
    """What an inflected word may be a form of: itself, third person, -ing; American endings as British ones."""
    forms = [word]
    if word.endswith("ies"):
        forms.append(word[:-3] + "y")
    if word.endswith("es"):
        forms.append(word[:-2])
    if word.endswith("s") and not word.endswith("ss"):
        forms.append(word[:-1])
    if word.endswith("ing") and len(word) > 5:
        bare = word[:-3]
        forms += [bare, bare + "e"] + ([bare[:-1]] if bare[-1:] == bare[-2:-1] else [])
    return forms


def _british(word: str) -> str:
    if word.endswith("yze"):
        return word[:-3] + "yse"
    return word[:-3] + "ise" if word.endswith("ize") else word


def find_verb(word: str) -> tuple[Verb, str] | None:
    """The verb that a word is a form of, with its base form in the user's own spelling."""
    for form in _spellings(word.lower()):
        verb = VERBS.get(_british(form))
        if verb is not None:
            return verb, form
    return None


def is_inflected(word: str) -> bool:
    """Whether a verb stands in the third person or as a gerund, where it is easily a noun ("reports", "testing")."""
    found = find_verb(word)
    return found is not None and found[1] != word.lower()
