"""Nouns that name a thing to be made, and the kind of work that makes it."""

from enum import StrEnum
from typing import Final

from evoserver.demo_model.words import (
    stem,
    vocabulary,
)


class Product(StrEnum):
    REPORT = "report"
    MESSAGE = "message"
    TEXT = "text"
    SOFTWARE = "software"
    PLAN = "plan"
    PROCESS = "process"


_NOUNS: Final = {
    Product.REPORT: vocabulary(
        "report summary overview digest briefing brief statistic metric dashboard chart forecast analysis "
        "insight kpi scorecard comparison benchmark evaluation assessment survey conclusion finding "
        "recommendation table graph"
    ),
    Product.MESSAGE: vocabulary(
        "email mail newsletter notification message alert invitation reminder letter announcement sms mailing"
    ),
    Product.TEXT: vocabulary(
        "article blog post story essay poem speech script song book guide tutorial documentation doc paper "
        "slogan caption copy description content proposal cv resume presentation slide joke haiku lyric "
        "recipe review press text paragraph chapter novel manual faq readme"
    ),
    Product.SOFTWARE: vocabulary(
        "app application website site webpage page code program game api bot chatbot tool software platform "
        "database function library plugin extension html css javascript python service component ui interface "
        "crawler scraper calculator system prototype cli class algorithm"
    ),
    Product.PLAN: vocabulary(
        "plan trip itinerary schedule event party project roadmap strategy campaign holiday vacation wedding "
        "meeting curriculum course diet budget menu meal conference workshop tour week launch"
    ),
    Product.PROCESS: vocabulary(
        "onboarding processing approval handling management moderation triage support recruitment hiring "
        "screening procurement invoicing billing booking registration verification migration workflow "
        "automation pipeline"
    ),
}
_KIND_OF: Final = {noun: product for product, nouns in _NOUNS.items() for noun in nouns}

DERIVED: Final = _NOUNS[Product.REPORT] | {"presentation", "slide", "content"}
"""Products that are made out of something else, so that their making waits for it."""

PREPARATORY: Final = vocabulary("outline requirement draft plan design sketch idea concept script mockup wireframe")
"""Products that the next product is made from."""

DOING: Final = {
    "processing": "process", "onboarding": "onboard", "approval": "approve", "moderation": "moderate",
    "triage": "triage", "screening": "screen", "verification": "verify", "migration": "migrate",
    "registration": "register", "booking": "book", "management": "manage", "hiring": "hire", "recruitment": "recruit",
}  # fmt: skip
"""What one does in a process of that name."""

SHORT_TEXTS: Final = vocabulary("poem haiku joke slogan caption lyric tweet name")

METRICS: Final = vocabulary(
    "sale revenue cost expense traffic performance usage churn profit spending turnover kpi "
    "budget demand productivity consumption attendance conversion engagement price income order"
)
PERIODS: Final = vocabulary("hourly daily weekly monthly quarterly annual yearly")


def product_of(words: tuple[str, ...] | list[str]) -> Product | None:
    """The kind of product that these words name, by the last of them that names one."""
    return next((_KIND_OF[stem(word)] for word in reversed(words) if stem(word) in _KIND_OF), None)


def is_product(word: str) -> bool:
    return stem(word) in _KIND_OF
