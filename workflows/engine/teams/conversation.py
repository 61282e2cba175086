"""What was said in a team, and how it stands before a model."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from workflows.engine import prompts
from workflows.engine.teams.definition import TeamDefinition
from workflows.engine.text import cut

CONVERSATION_CHARS: Final = 200_000
"""Of all messages together in a prompt; long ones are cut."""
LEAST_CHARS: Final = 1_000


class Said(NamedTuple):
    """One message: a participant's, or the question."""

    speaker: str
    text: str


def conversation_section(said: Sequence[Said]) -> str:
    share = max(CONVERSATION_CHARS // len(said), LEAST_CHARS)
    return prompts.json_section(
        "Conversation", [{"from": message.speaker, "text": cut(message.text, share)} for message in said]
    )


def team_section(team: TeamDefinition) -> str:
    return prompts.json_section(
        "Team", [{"name": one.name, "description": one.description} for one in team.participants]
    )


def stop_reason(team: TeamDefinition, said: Sequence[Said]) -> str | None:
    """Why the team stops now, in AutoGen's words; None while it goes on.

    Only the planner ends the work: neither the question nor another participant does by naming the word.
    """
    last = said[-1]
    if team.termination and last.speaker == team.planner and team.termination in last.text:
        return f"Text '{team.termination}' mentioned"
    if len(said) >= team.max_messages:
        return f"Maximum number of messages {team.max_messages} reached"
    return None


def final_response(team: TeamDefinition, said: Sequence[Said]) -> str:
    """The last message that says something besides that the work is over."""
    for message in reversed(said[1:]):
        text = message.text
        if team.termination and message.speaker == team.planner:
            text = text.replace(team.termination, "")
        if text.strip():
            return text.strip()
    return ""
