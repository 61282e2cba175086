"""Who speaks next."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from workflows.engine import keys, prompts
from workflows.engine.llm.calls import ModelCaller
from workflows.engine.llm.replies import Rejected
from workflows.engine.llm.structured import Format, Request, ask
from workflows.engine.teams.conversation import Said, conversation_section, team_section
from workflows.engine.teams.definition import BY_DEFAULT, BY_MODEL, BY_RULE, USER, TeamDefinition
from workflows.engine.text import listed
from workflows.exceptions import ModelUnusable


class Selected(NamedTuple):
    """`by`: what selected the speaker, a `BY_…`."""

    speaker: str
    by: str


async def select_speaker(caller: ModelCaller, team: TeamDefinition, said: Sequence[Said]) -> Selected:
    """The planner first, and after every other participant; else whom the model names. Raises `ModelFailed`."""
    last = said[-1].speaker
    if last == USER or (team.planner_returns and last != team.planner):
        return Selected(team.planner, BY_RULE)
    candidates = [one.name for one in team.participants if team.may_repeat or one.name != last]
    if len(candidates) == 1:
        return Selected(candidates[0], BY_RULE)
    try:
        return Selected(await ask(caller, _request(team, said, candidates)), BY_MODEL)
    except ModelUnusable:
        return Selected(candidates[0], BY_DEFAULT)


def _request(team: TeamDefinition, said: Sequence[Said], candidates: Sequence[str]) -> Request[str]:
    sections = [
        team_section(team),
        conversation_section(said),
        prompts.json_section("Candidates", [{"name": name} for name in candidates]),
    ]
    return Request(
        key=keys.team_selection(len(said)),
        stage=keys.TEAM,
        node=None,
        subject="choice of a speaker",
        system=f"{prompts.TEAM_SELECTOR}\n\n{team.selector_instructions}".rstrip(),
        user="\n\n".join(sections),
        format=_format(candidates),
        read=_reader(candidates),
        task="the choice of a speaker",
    )


def _format(candidates: Sequence[str]) -> Format:
    schema = {
        "type": "object",
        "properties": {"speaker": {"type": "string", "enum": list(candidates)}},
        "required": ["speaker"],
        "additionalProperties": False,
    }
    return Format("next_speaker", schema)


def _reader(candidates: Sequence[str]) -> Callable[[str], str]:
    return partial(named_in, candidates=list(candidates))


def named_in(text: str, candidates: list[str]) -> str:
    """The one candidate that the text names, be it the JSON that was asked for or not. Raises `Rejected`."""
    named = [name for name in candidates if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)]
    if len(named) == 1:
        return named[0]
    if named:
        raise Rejected([f"it names {listed(named)}, and only one can speak next; name one"])
    raise Rejected([f"it names nobody who may speak next; name one of {listed(candidates, 20)}"])
