"""One turn: a participant speaks, after it has used its tools."""

from collections.abc import Sequence
from typing import Final

from workflows.engine import keys, prompts
from workflows.engine.agents.agent import Work, work
from workflows.engine.agents.tool_calls import ToolCaller
from workflows.engine.graphs.tool_use import ToolUse
from workflows.engine.llm.calls import ModelCaller
from workflows.engine.llm.replies import Rejected
from workflows.engine.llm.structured import Request
from workflows.engine.teams.conversation import Said, conversation_section, team_section
from workflows.engine.teams.definition import Participant, TeamDefinition
from workflows.engine.text import listed, scrub

THEN_SPEAK: Final = "Once you have what you need, reply with your message to the team."
SPEAK_NOW: Final = "You have called tools as often as you may. Reply now with your message to the team."
AGAIN: Final = "Reply again with your message to the team, as plain text."


async def speak(
    caller: ModelCaller, tools: ToolCaller, team: TeamDefinition, speaker: Participant, said: Sequence[Said]
) -> str:
    """The participant's message. Raises `ModelFailed`, `ModelUnusable`, and what the journal raises."""
    turn = len(said)
    request = Request(
        key=keys.team_calls(speaker.name, turn),
        stage=keys.TEAM,
        node=speaker.name,
        subject=f"message of {speaker.name}",
        system=_system(team, speaker, tools),
        user="\n\n".join([_speaker_section(team, speaker), team_section(team), conversation_section(said)]),
        format=None,
        read=_read_message,
        task="its turn",
        again=AGAIN,
    )
    use = ToolUse(names=speaker.tools)
    return await work(
        caller, tools, Work(request, use, keys.team_tools(speaker.name, turn), then=THEN_SPEAK, last_words=SPEAK_NOW)
    )


def _system(team: TeamDefinition, speaker: Participant, tools: ToolCaller) -> str:
    parts = [speaker.instructions, prompts.TEAM_MEMBER.replace("{name}", speaker.name)]
    if speaker.name == team.planner:
        parts.append(prompts.TEAM_PLANNER.replace("{termination}", team.termination or "your last line"))
    missing = [name for name in speaker.tools if tools.toolbox.get(name) is None]
    if missing:
        parts.append(
            f"These tools of yours are not on offer on this server: {listed(missing)}. Say so where they are missing."
        )
    return "\n\n".join(parts)


def _speaker_section(team: TeamDefinition, speaker: Participant) -> str:
    is_planner = speaker.name == team.planner
    ends_with = {"termination": team.termination} if is_planner else {}
    return prompts.json_section("Speaker", {"name": speaker.name, "planner": is_planner, **ends_with})


def _read_message(text: str) -> str:
    if not text.strip():
        raise Rejected(["the reply is empty"])
    return scrub(text.strip())
