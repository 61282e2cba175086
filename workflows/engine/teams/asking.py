"""A question to a team: its participants speak in turns until one of the reasons to stop is there."""

from typing import Any, Final

from workflows.engine import keys
from workflows.engine.agents.files import TaskFiles
from workflows.engine.agents.tool_calls import ToolCaller
from workflows.engine.journal import Journal
from workflows.engine.llm.calls import ModelCaller
from workflows.engine.llm.client import Models
from workflows.engine.llm.settings import ModelSettings
from workflows.engine.teams.conversation import Said, final_response, stop_reason
from workflows.engine.teams.definition import USER, TeamDefinition
from workflows.engine.teams.selection import Selected, select_speaker
from workflows.engine.teams.turns import speak
from workflows.engine.text import cut
from workflows.engine.tools import Toolbox
from workflows.events import Kind

STEPS: Final = 4
"""Planning, the first participant at work, further ones, and the answer: a quarter each."""
MAX_TOLD_CHARS: Final = 10_000
"""Of a message in its event; the result has all of it."""


async def ask_team(
    question: str,
    team: TeamDefinition,
    *,
    settings: ModelSettings,
    models: Models,
    journal: Journal,
    tools: Toolbox,
    task_id: str = "",
) -> dict[str, Any]:
    """The answer: `{final_response, total_messages, response_length, stop_reason, messages}`.

    What was said before a crash is in the ledger and is not asked again. Raises `ModelFailed`, `ModelUnusable`, and
    what the journal raises.
    """
    caller = ModelCaller(settings, models, journal)
    tool_caller = ToolCaller(tools, journal, TaskFiles(journal), task_id)
    told = {"team": team.name, "participants": [one.name for one in team.participants], "planner": team.planner}
    await journal.tell(keys.TEAM, Kind.TEAM_STARTED, {**told, "max_messages": team.max_messages})
    said = [Said(USER, question)]
    while (reason := stop_reason(team, said)) is None:
        selected = await select_speaker(caller, team, said)
        await _tell_selected(journal, team, said, selected)
        text = await speak(caller, tool_caller, team, team.participant(selected.speaker), said)
        await _tell_message(journal, len(said), Said(selected.speaker, text))
        said.append(Said(selected.speaker, text))
    answer = final_response(team, said)
    return {
        "final_response": answer,
        "total_messages": len(said),
        "response_length": len(answer),
        "stop_reason": reason,
        "messages": [{"from": message.speaker, "text": message.text} for message in said],
    }


async def _tell_selected(journal: Journal, team: TeamDefinition, said: list[Said], selected: Selected) -> None:
    turn = len(said)
    at_work = {message.speaker for message in said} | {selected.speaker}
    step = min(1 + len(at_work - {USER, team.planner}), STEPS - 1)
    await journal.tell(
        keys.team_turn(turn),
        Kind.TASK_PROGRESS,
        {
            "progress": 100 * step // STEPS,
            "current_state": f"{selected.speaker} has the word",
            "step": step,
            "total_steps": STEPS,
            "stage": keys.TEAM,
            "node": selected.speaker,
        },
    )
    told = {"speaker": selected.speaker, "turn": turn, "by": selected.by}
    await journal.tell(keys.team_turn(turn), Kind.TEAM_SPEAKER_SELECTED, told)


async def _tell_message(journal: Journal, turn: int, message: Said) -> None:
    text = cut(message.text, MAX_TOLD_CHARS)
    is_cut = {"truncated": True} if text != message.text else {}
    told = {"speaker": message.speaker, "turn": turn, "text": text, **is_cut}
    await journal.tell(keys.team_turn(turn), Kind.TEAM_MESSAGE, told)
