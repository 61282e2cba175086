"""What a goal of one thing takes: the steps that a careful person would see in it.

"Monthly sales report from our orders table" names a product and says none of the steps; each function here knows
the steps of one kind of work and fills in the goal's words.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from evoserver.demo_model.linking import MAX_NODES, link, named_words, spread
from evoserver.demo_model.making import MAKERS, SOFTWARE_VERBS, Words, asked, data_about, quoted, spoken
from evoserver.demo_model.phrases import Clause, Phrase, read_phrase
from evoserver.demo_model.products import Product, product_of
from evoserver.demo_model.sketches import Sketch, step
from evoserver.demo_model.verbs import Role
from evoserver.demo_model.words import content_words, identifier, is_plural, shorten, vocabulary

_PLAN_VERBS: Final = vocabulary("plan schedule arrange organise organize")
_STUDIES: Final = vocabulary(
    "analyse analyze examine assess inspect audit study evaluate judge benchmark review compare contrast"
)
_CHOICES: Final = vocabulary("find recommend suggest select choose pick")
_CHANGES: Final = vocabulary("deploy release launch install")
_MESSAGES: Final = ("_sent", "_emailed", "_notified")


def outline_clause(clause: Clause) -> list[Sketch]:
    """The steps of a goal that says one thing to do."""
    if len(spread(clause)) > 1 or len(clause.phrase.items) > 1:
        return _several(clause)
    phrase, product = clause.phrase, product_of(clause.phrase.words)
    if clause.word in _PLAN_VERBS:
        return MAKERS[Product.PLAN](phrase, clause.word, clause.text)
    if clause.word in SOFTWARE_VERBS and product in {None, Product.PROCESS, Product.TEXT}:
        return MAKERS[Product.SOFTWARE](phrase, clause.word, clause.text)
    match clause.role:
        case Role.COMPOSE:
            return MAKERS[product](phrase, clause.word, clause.text)
        case Role.DELIVER:
            return _deliver(clause, product)
        case Role.GATHER:
            return _gather(clause)
        case Role.DERIVE:
            return _derive(clause)
        case Role.TREAT:
            return _study(clause) if clause.word in _STUDIES else _treat(clause)


def outline_clauses(clauses: Sequence[Clause]) -> list[Sketch]:
    """The steps of several clauses; what the first one takes for granted comes before it.

    "Write a weekly report and email it" starts with collecting what the report is about.
    """
    linked = link(clauses)
    first = clauses[0]
    begins_alone = len(spread(first)) == 1 and all(sketch.needs for sketch in linked[1:])
    if not begins_alone or not (first.role is Role.COMPOSE or first.word in _STUDIES):
        return linked
    steps = outline_clause(first)
    preparation = steps if first.role is Role.COMPOSE else steps[:2]
    shift = len(preparation) - 1
    if len(linked) + shift > MAX_NODES:
        return linked
    return [*preparation, *(replace(one, needs=tuple(i + shift for i in one.needs)) for one in linked[1:])]


def outline_noun_phrase(text: str) -> list[Sketch]:
    """The steps of a goal that only names what is wanted; any text will do, also one without words."""
    phrase = read_phrase(shorten(text, 200))
    if not phrase.words:
        return _interpret()
    product = product_of(phrase.words)
    return MAKERS[product](phrase, "write", text) if product else _topic(phrase, text)


def outline_question(text: str) -> list[Sketch]:
    """The steps of answering a question."""
    words = tuple(content_words(text.split()))[:4]
    facts = identifier((*words, "facts"), "facts")
    return [
        step("research", words or ("question",), f"Collect what is known about the question: {quoted(text)}?",
             "An answer has to rest on facts.", "array", output=facts),
        step("check", (*words, "facts"), "Check the facts and drop those that are doubtful.",
             "A wrong fact makes a wrong answer.", "array", (0,), output=f"checked_{facts}"),
        step("answer", ("question",), f"Answer in a few clear sentences: {quoted(text)}?",
             "It is what the goal asks for.", "string", (1,), output="answer"),
    ]  # fmt: skip


def _several(clause: Clause) -> list[Sketch]:
    """Several things of a kind: each on its own, and a step that brings them together where it is not said."""
    parts = link([clause])
    every = tuple(range(len(parts)))
    if clause.role in {Role.COMPOSE, Role.DELIVER} or clause.word in {"compare", "contrast"}:
        return parts
    if clause.word.startswith(("translate", "locali")):
        what = "Compare the translations with the original and mend what differs."
        why = "The translations must all say the same."
        return [*parts, step("review", ("translations",), what, why, "array", every, output="reviewed_translations")]
    what = f"Write one overview of the results: {quoted(clause.text)}."
    return [*parts, step("write", ("overview",), what, "One place to read all the results.", "string", every)]


def _deliver(clause: Clause, product: Product | None) -> list[Sketch]:
    phrase, words = clause.phrase, clause.phrase.words or ("message",)
    is_message = clause.verb is not None and clause.verb.output.endswith(_MESSAGES)
    if is_message and product in {Product.MESSAGE, None}:
        letter = phrase if product else read_phrase(f"message to {' '.join(words)}")
        return MAKERS[Product.MESSAGE](letter, "draft", clause.text)
    act = link([clause])[0]
    if product in {Product.REPORT, Product.TEXT}:
        made = MAKERS[product](phrase, "write", clause.text)
        return [*made, replace(act, needs=(len(made) - 1,))]
    noun = identifier(words, "result")
    testing = "test" if clause.word in _CHANGES else "check"
    return [
        step(testing, words, f"{testing.capitalize()} that the {spoken(words)} is ready for it.",
             "Cheaper to find out now than afterwards.", "boolean", output=f"{noun}_ready"),
        replace(act, needs=(0,)),
        step("verify", words, f"Verify that it worked: {quoted(clause.text)}.",
             "Done is what was seen to work.", "object", (1,), output=f"{noun}_verification"),
    ]  # fmt: skip


def _gather(clause: Clause) -> list[Sketch]:
    first = link([clause])[0]
    what = f"Sum up what was found: {quoted(clause.text)}."
    why = "A person reads a summary sooner than raw results."
    return [first, step("write", (*first.output.split("_"), "summary"), what, why, "string", (0,))]


def _derive(clause: Clause) -> list[Sketch]:
    words = named_words(clause) or ("data",)
    if clause.word in _CHOICES and not is_plural(words[-1]):
        return _choose(words, clause.text)
    if clause.word == "find":
        return _gather(clause)
    return [
        step("collect", words if words[-1] == "data" else (*words, "data"),
             f"Collect what is needed in order to {quoted(clause.text)}.",
             "The result can only be as good as what it rests on.", "array"),
        replace(link([clause])[0], needs=(0,)),
        step("explain", words, f"Explain the result and how sure it is: {quoted(clause.text)}.",
             "A result is used when it is understood.", "string", (1,),
             output=identifier((*words, "explanation"), "explanation")),
    ]  # fmt: skip


def _choose(words: Words, text: str) -> list[Sketch]:
    options = (*words, "options")
    return [
        step("search", options, f"Search for what is on offer: {quoted(text)}.",
             "There has to be something to choose from.", "array"),
        step("compare", options, "Compare the options by what the goal asks for, and drop those that miss it.",
             "A choice needs reasons.", "object", (0,), output=identifier((*options, "comparison"), "comparison")),
        step("recommend", words, f"Recommend one and say why: {quoted(text)}.",
             asked(text), "object", (1,), output=identifier(("recommended", *words), "choice")),
    ]  # fmt: skip


def _study(clause: Clause) -> list[Sketch]:
    words = named_words(clause) or ("data",)
    return [
        step("collect", data_about(words), f"Collect what there is to know about the {spoken(words)}.",
             "There has to be something to look at.", "array"),
        replace(link([clause])[0], needs=(0,)),
        step("write", (*words, "findings"), "Write down the findings, the most important first.",
             "A person reads findings, not tables.", "string", (1,)),
    ]  # fmt: skip


def _treat(clause: Clause) -> list[Sketch]:
    act = link([clause])[0]
    what = f"Check the result against the goal: {quoted(clause.text)}."
    why = "A second look finds what the first one missed."
    return [act, step("check", tuple(act.output.split("_")), what, why, "object", (0,), output=f"checked_{act.output}")]


def _topic(phrase: Phrase, text: str) -> list[Sketch]:
    topic = phrase.words
    return [
        step("research", topic, f"Collect what matters about: {quoted(text)}.",
             "The goal names a subject; this finds what there is to say.", "array",
             output=identifier((*topic, "facts"), "facts")),
        step("write", (*topic, "overview"), f"Write an overview: {quoted(text)}.",
             "It is what a reader of this goal most likely wants.", "string", (0,)),
    ]  # fmt: skip


def _interpret() -> list[Sketch]:
    return [
        step("interpret", ("goal",), "Say in one sentence what the goal most likely means.",
             "The goal holds no words that name a task.", "string", output="interpretation"),
        step("write", ("answer",), "Answer the goal as interpreted, and say what would make it clearer.",
             "It gives a person something to correct.", "string", (0,)),
    ]  # fmt: skip
