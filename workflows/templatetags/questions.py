"""How many questions wait, for the navigation."""

from typing import Final

from django import template

from sessions.callers import Caller, Right
from workflows.models import Question

register = template.Library()

MOST: Final = 99


@register.simple_tag
def open_questions(caller: Caller) -> str:
    """The number of the caller's open questions, as a page has room for it; empty where there are none."""
    if not caller.may(Right.SEE):
        return ""
    number = Question.objects.visible_to(caller).open().values("pk")[: MOST + 1].count()
    return "" if not number else f"{MOST}+" if number > MOST else str(number)
