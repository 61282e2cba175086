"""The demo model in a team: it plans, gets figures, calculates with them and reports, each as the participant that it
is asked to be.

Which part it takes follows from what was said already: who may query and finds no figures gets some; who finds figures
calculates; who finds an analysis reports.
"""

import re
from dataclasses import dataclass
from typing import Final

from evoserver.demo_model import figures
from evoserver.demo_model.chat import ChatRequest, Json
from evoserver.demo_model.prompts import json_section, objects
from evoserver.demo_model.tooling import Wanted, asked_for, results_of
from evoserver.demo_model.words import shorten
from evoserver.demo_model.writer import MARK, write_paragraph

QUERY: Final = "business_query"
NO_FIGURES: Final = "There are no figures"
ANALYSIS: Final = "## Analysis"
_TASK: Final = r"^\s*\d+\.\s*{name}\s*:"
_MISSING: Final = re.compile(r"not on offer on this server: ([^.]+)\.")


@dataclass(frozen=True)
class Turn:
    """A participant's turn, read from its prompt. `said`: the messages so far, the question first."""

    name: str
    is_planner: bool
    termination: str
    team: tuple[Json, ...]
    said: tuple[Json, ...]

    @property
    def question(self) -> str:
        return str(self.said[0]["text"])

    @property
    def others(self) -> list[str]:
        """The participants besides the one whose turn it is."""
        return [str(one["name"]) for one in self.team if one["name"] != self.name]

    def found(self, begins: str) -> str | None:
        """The last message with a line that begins so."""
        for message in reversed(self.said[1:]):
            if re.search(rf"^{re.escape(begins)}", str(message["text"]), re.MULTILINE):
                return str(message["text"])
        return None


def read_turn(request: ChatRequest) -> Turn | None:
    """None for other requests."""
    text = request.first_user_text
    speaker = json_section("Speaker", text)
    said = objects(json_section("Conversation", text))
    if not isinstance(speaker, dict) or not said:
        return None
    return Turn(
        name=str(speaker.get("name")),
        is_planner=bool(speaker.get("planner")),
        termination=str(speaker.get("termination", "")),
        team=objects(json_section("Team", text)),
        said=said,
    )


def next_speaker(request: ChatRequest) -> Json:
    """The candidate whose task stands first in the last plan; else the first one."""
    text = request.first_user_text
    names = [str(one["name"]) for one in objects(json_section("Candidates", text))]
    for message in reversed(objects(json_section("Conversation", text))[1:]):
        places = {name: found.start() for name in names if (found := _task_of(name, str(message["text"])))}
        if places:
            return {"speaker": min(places, key=lambda name: places[name])}
    return {"speaker": names[0] if names else "nobody"}


def team_calls(turn: Turn, request: ChatRequest) -> list[Wanted]:
    """What a participant calls now: a query for figures, or sums of those that are there."""
    if request.tool_rounds or not request.tools:
        return []
    table = figures.read_table(turn.found(figures.BEGINS) or "")
    names = [tool["name"] for tool in request.tools]
    if QUERY in names and table is None:
        return [(QUERY, {"query": figures.query_for(turn.question)})]
    if "calculator" in names and table is not None:
        return [("calculator", {"expression": expression}) for expression in figures.expressions(table)]
    return asked_for(turn.question, request.tools)


def speak(turn: Turn, request: ChatRequest) -> str:
    """The participant's message."""
    if turn.is_planner:
        return _plan(turn)
    if request.tool_rounds and any(tool["name"] == QUERY for tool in request.tools):
        return _pass_on(request)
    if missing := _MISSING.search(request.messages[0].text):
        return f"{NO_FIGURES}: the tool {missing[1]} is not on offer here. {MARK}"
    table = figures.read_table(turn.found(figures.BEGINS) or "")
    if analysis := turn.found(ANALYSIS):
        return figures.report(turn.question, analysis)
    if table is not None:
        return f"{ANALYSIS}\n{figures.analysis(table, results_of(request))}\n{MARK}"
    if nothing := turn.found(NO_FIGURES):
        return f"Nothing can be made of this: “{shorten(nothing, 300)}” {MARK}"
    return write_paragraph(turn.question)


def _plan(turn: Turn) -> str:
    spoken = {message.get("from") for message in turn.said}
    waiting = [one for one in turn.team if one["name"] in turn.others and one["name"] not in spoken]
    if waiting:
        tasks = [f"{number}. {one['name']} : {_do(one)}" for number, one in enumerate(waiting, 1)]
        return "\n".join([f"The question reads: “{shorten(turn.question, 200)}” {MARK}", *tasks])
    last = next(str(message["text"]) for message in reversed(turn.said) if message.get("from") != turn.name)
    return f"{last}\n\n{turn.termination}"


def _do(one: Json) -> str:
    return shorten(str(one.get("description") or "do your part"), 160)


def _pass_on(request: ChatRequest) -> str:
    given = results_of(request, 20_000)[-1]
    rows = figures.read_rows(given)
    if not rows:
        return f"{NO_FIGURES}. The database says: {shorten(given, 500)} {MARK}"
    return f"{figures.BEGINS}, as the database gave them {MARK}:\n{figures.as_table(rows)}"


def _task_of(name: str, text: str) -> "re.Match[str] | None":
    return re.search(_TASK.format(name=re.escape(name)), text, re.MULTILINE)
