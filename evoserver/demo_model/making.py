"""How things are made: the steps behind a report, a message, a text, a program, a plan, a process."""

from collections.abc import Callable
from typing import Final, TypeAlias

from evoserver.demo_model.phrases import Phrase
from evoserver.demo_model.products import DOING, METRICS, PERIODS, SHORT_TEXTS, Product, product_of
from evoserver.demo_model.sketches import CONTAINERS, Sketch, step, type_of, value_of
from evoserver.demo_model.words import identifier, plural, shorten, stem, stems, vocabulary

Words: TypeAlias = tuple[str, ...]
Maker: TypeAlias = Callable[[Phrase, str, str], list[Sketch]]
"""From a product's phrase, the verb that the user chose, and the goal's text."""

SOFTWARE_VERBS: Final = vocabulary("build develop implement code program construct")

_CODE: Final = vocabulary("code html css javascript python script program source page")
_PLANS: Final = vocabulary("plan schedule itinerary roadmap strategy")
_READERS: Final = {
    "table": "query",
    "database": "query",
    "sql": "query",
    "api": "fetch",
    "website": "fetch",
    "file": "read",
    "csv": "read",
}


def _make_report(phrase: Phrase, verb: str, text: str) -> list[Sketch]:
    product, topic = titled(phrase), _topic_of(phrase)
    subject = tuple(word for word in topic if stem(word) not in PERIODS) or product
    source = _source_of(phrase)
    needed = source or data_about(subject)
    data = value_of(needed)
    reader = next((_READERS[stem(word)] for word in source if stem(word) in _READERS), "collect")
    has_metric = any(stem(word) in METRICS for word in topic)
    work, result = ("calculate", topic) if has_metric else ("analyse", (*topic, "analysis"))
    result = (*result, "figures") if identifier(result, "figures") == data else result
    making = verb if verb in {"build", "create", "design"} else "write"

    what = f"{reader.capitalize()} the {spoken(needed)}."
    sketches = [step(reader, needed, what, "The figures come from here.", "array", output=data)]
    what = f"{work.capitalize()} the {spoken(topic)} from the {spoken((data,))}."
    figures = identifier(result, "figures")
    sketches += [step(work, topic, what, "It is what the reader wants to know.", "object", (0,), output=figures)]
    if PERIODS.intersection((*topic, *product)):
        what = f"Find what changed in the {spoken(subject)} against earlier periods."
        why = "A regular report is read for its changes."
        sketches += [step("find", (*subject, "trends"), what, why, "array", (0,))]
    what = f"{making.capitalize()} the {spoken(product)} so that a busy reader sees the point at once."
    return [*sketches, step(making, product, what, asked(text), "string", tuple(range(1, len(sketches))))]


def _make_message(phrase: Phrase, verb: str, text: str) -> list[Sketch]:
    product = phrase.words
    audience = phrase.tail("to", "for") or ("recipients",)
    deliveries = identifier((*product, "deliveries"), "deliveries")
    people, letter = spoken(audience), spoken(product)
    return [
        step("collect", audience, f"Collect the {people} and their addresses.",
             "A message needs to know whom it is for.", "array"),
        step("draft", product, f"Draft the {letter}: {quoted(text)}.",
             "It does not depend on who receives it, so it is written meanwhile.", "string"),
        step("send", product, f"Send the {letter} to each of the {people}.",
             "It is what the goal is for.", "array", (0, 1), output=deliveries),
        step("confirm", ("delivery",), "Check which messages arrived and list the addresses that failed.",
             "What did not arrive must not go unnoticed.", "object", (2,), output="delivery_report"),
    ]  # fmt: skip


def _make_text(phrase: Phrase, verb: str, text: str) -> list[Sketch]:
    product, topic = titled(phrase), _topic_of(phrase)
    if SHORT_TEXTS & stems(product):
        return _make_short_text(product, text)
    facts, outline, draft = (identifier(words, "text") for words in
                             ((*topic, "facts"), (*product, "outline"), (*product, "draft")))  # fmt: skip
    return [
        step("research", topic, f"Collect facts and examples about {spoken(topic)}.",
             "Good writing has something to say.", "array", output=facts),
        step("outline", product, f"Outline the {spoken(product)}: its points and their order.",
             "A reader follows an order, not a pile.", "array", (0,), output=outline),
        step("write", product, f"Write the {spoken(product)} along the outline.",
             asked(text), "string", (0, 1), output=draft),
        step("review", product, f"Review the {spoken(product)} and return it corrected.",
             "A second look finds what the first one missed.", "string", (2,)),
    ]  # fmt: skip


def _make_short_text(product: Words, text: str) -> list[Sketch]:
    draft = identifier((*product, "draft"), "draft")
    return [
        step("brainstorm", (*product, "ideas"), f"Collect pictures, words and turns for it: {quoted(text)}.",
             "The first idea is seldom the best.", "array"),
        step("write", product, f"Write the {spoken(product)} from the best of the ideas.",
             asked(text), "string", (0,), output=draft),
        step("polish", product, "Read it aloud, and mend what does not sound right.",
             "Short texts are judged by every word.", "string", (1,)),
    ]  # fmt: skip


def _make_software(phrase: Phrase, verb: str, text: str) -> list[Sketch]:
    subject = phrase.words or ("software",)
    made_for = tuple(word for word in phrase.tail("for", "of") if word not in subject)
    if made_for:
        subject = made_for if _CODE.issuperset(subject) else (*made_for, *subject)[-4:]
    building = verb if verb in SOFTWARE_VERBS else "build"
    design, code, results = (identifier((*subject, *suffix), "result") for suffix in
                             (("design",), ("code",), ("test", "results")))  # fmt: skip
    name = spoken(subject)
    return [
        step("define", (*subject, "requirements"), f"Say what is needed and how to tell that it works: {quoted(text)}.",
             "Nobody can build or test what was not said.", "array"),
        step("design", subject, f"Choose the parts of the {name} and how they fit together.",
             "The parts have to fit before they are written.", "object", (0,), output=design),
        step(building, subject, f"Write the code of the {name} as designed.",
             asked(text), "string", (1,), output=code),
        step("write", (*subject, "tests"), "Write tests from the requirements, not from the code.",
             "Tests written beside the code find what its author did not think of.", "string", (0,)),
        step("test", subject, f"Run the tests against the {name} and report what fails.",
             "It counts as done when its tests pass.", "object", (2, 3), output=results),
    ]  # fmt: skip


def _make_plan(phrase: Phrase, verb: str, text: str) -> list[Sketch]:
    place = tuple(word for word in phrase.tail("to", "in")[:2] if word not in phrase.words)
    subject = (*place, *phrase.words) or ("work",)
    is_plan = stem(subject[-1]) in _PLANS
    plan, subject = (subject, subject[:-1] or subject) if is_plan else ((*subject, "plan"), subject)
    return [
        step("collect", (*subject, "requirements"), f"Collect dates, people, wishes, limits: {quoted(text)}.",
             "A plan has to fit those it is for.", "object"),
        step("research", (*subject, "options"), f"Find the options for the {spoken(subject)}.",
             "There has to be something to choose from.", "array", (0,)),
        step("estimate", (*subject, "costs"), f"Estimate what the {spoken(subject)} takes in money and time.",
             "It does not depend on the options found, so it is done meanwhile.", "object", (0,)),
        step("write", plan, f"Choose, and write the {spoken(plan)} with times and responsibilities.",
             asked(text), "string", (1, 2)),
    ]  # fmt: skip


def _make_process(phrase: Phrase, verb: str, text: str) -> list[Sketch]:
    process, noun = phrase.words, phrase.words[-1]
    about = process[:-1] or phrase.tail("for", "of")
    items = (*about[:-1], plural(about[-1])) if about and noun in DOING else (*about, "requests")
    if noun in DOING and type_of(about) == "array":
        items = about
    several = spoken(items)
    checked, priorities, outcomes = (identifier(words, "result") for words in
                                     (("checked", *items), (*items, "priorities"), (*items, "outcomes")))  # fmt: skip
    return [
        step("collect", items, f"Collect the {several} to work on, with what belongs to each.",
             "There has to be something to work on.", "array"),
        step("check", items, f"Check that the {several} are complete and correct, and say what is missing.",
             "What is incomplete stops the work later.", "array", (0,), output=checked),
        step("prioritise", items, f"Order the {several} by urgency.",
             "Urgent ones come first; this does not wait for the checks.", "array", (0,), output=priorities),
        step(DOING.get(noun, "handle"), items, f"Carry out the {spoken(process)} for what is complete.",
             asked(text), "array", (1, 2), output=outcomes),
        step("write", (*process, "report"), "Report what was done, what was refused and what is still open.",
             "Whoever is responsible wants to see the outcome.", "string", (3,)),
    ]  # fmt: skip


def _make_anything(phrase: Phrase, verb: str, text: str) -> list[Sketch]:
    subject = phrase.words or ("result",)
    draft = identifier((*subject, "draft"), "draft")
    return [
        step("collect", (*subject, "requirements"), f"Collect what is wanted: {quoted(text)}.",
             "The result has to suit its purpose.", "array"),
        step(verb, subject, f"Do as asked: {quoted(text)}.", asked(text), "string", (0,), output=draft),
        step("review", subject, f"Compare the {spoken(subject)} with what was wanted and return it corrected.",
             "A second look finds what the first one missed.", "string", (0, 1)),
    ]  # fmt: skip


MAKERS: Final[dict[Product | None, Maker]] = {
    Product.REPORT: _make_report,
    Product.MESSAGE: _make_message,
    Product.TEXT: _make_text,
    Product.SOFTWARE: _make_software,
    Product.PLAN: _make_plan,
    Product.PROCESS: _make_process,
    None: _make_anything,
}


def titled(phrase: Phrase) -> Words:
    """The product with its topic in front where the product is one word: "autumn poem"."""
    topic = phrase.tail("about", "on", "of", "for") if len(phrase.words) == 1 else ()
    return (*(word for word in topic[:2] if word not in phrase.words), *phrase.words)


def data_about(words: Words) -> Words:
    """What to collect about something: several of them are data already."""
    return words if type_of(words) == "array" else (*words, "data")


def spoken(words: Words) -> str:
    return " ".join(words).replace("_", " ")


def quoted(text: str) -> str:
    """A piece of the goal, short enough to stand inside a sentence."""
    return shorten(text, 120).rstrip(" .?!:;,")


def asked(text: str) -> str:
    return f"The goal asks for it: “{quoted(text)}”."


def _topic_of(phrase: Phrase) -> Words:
    """What a product is about: "electric cars" in "a blog post about electric cars", "sales" in "sales report"."""
    told = phrase.tail("about", "on", "regarding", "concerning", "of")
    if told:
        return told
    modifiers = tuple(word for word in phrase.words if product_of([word]) is None)
    return modifiers or phrase.tail("for", "from", "in") or phrase.words


def _source_of(phrase: Phrase) -> Words:
    inside = phrase.tail("in")
    told = phrase.tail("from", "using", "based", "via")
    return told or (inside if CONTAINERS.intersection(inside) else ())
