"""What a team is, as a task carries it, and what can be wrong with it.

The rules of who speaks are those of AutoGen's SelectorGroupChat (AgentChat 0.7.5).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

USER: Final = "user"
"""Who asked, in the conversation."""

# By what a speaker is selected.
BY_RULE: Final = "rule"
BY_MODEL: Final = "model"
BY_DEFAULT: Final = "default"
"""The model named nobody who could speak, also when it was told so."""

PARTICIPANT_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
MOST_PARTICIPANTS: Final = 20
MAX_INSTRUCTIONS_CHARS: Final = 20_000
MAX_DESCRIPTION_CHARS: Final = 1_000
SHAPE: Final = '[{"name": "…", "description": "…", "instructions": "…", "tools": ["…"]}]'


@dataclass(frozen=True)
class Participant:
    """One agent of a team. `description`: what the others and the model that selects speakers know of it."""

    name: str
    description: str
    instructions: str
    tools: tuple[str, ...] = ()


@dataclass(frozen=True)
class TeamDefinition:
    """A team as one task asks it.

    `planner_returns`: the planner speaks again after each other participant. `may_repeat`: the model may select who
    has just spoken. `selector_instructions` are added to those of the model that selects. `termination`: what ends the
    work once the planner writes it; empty for nothing. `max_messages` counts the question, too.
    """

    name: str
    planner: str
    participants: tuple[Participant, ...]
    planner_returns: bool = True
    may_repeat: bool = False
    selector_instructions: str = ""
    termination: str = "TERMINATE"
    max_messages: int = 40

    def as_json(self) -> dict[str, Any]:
        participants = [{**asdict(one), "tools": list(one.tools)} for one in self.participants]
        return {**asdict(self), "participants": participants}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**{**data, "participants": tuple(map(participant, data["participants"]))})

    def participant(self, name: str) -> Participant:
        return next(one for one in self.participants if one.name == name)


def participant(data: Mapping[str, Any]) -> Participant:
    """Of JSON without `participant_problems`."""
    return Participant(data["name"], data.get("description", ""), data["instructions"], tuple(data.get("tools") or ()))


def participant_problems(listed: Any, planner: str) -> Iterator[str]:
    """What is wrong with a team's participants, as sentences for who edits them."""
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        yield f"The participants are a list: {SHAPE}."
        return
    if not 2 <= len(listed) <= MOST_PARTICIPANTS:
        yield f"A team has 2 to {MOST_PARTICIPANTS} participants, and there are {len(listed)}."
    names = [one.get("name") for one in listed]
    for number, one in enumerate(listed, 1):
        yield from _problems_of(one, f"Participant {number}")
    for name in sorted({name for name in names if isinstance(name, str) and names.count(name) > 1}):
        yield f"Two participants are named {name[:80]}; rename one."
    if planner not in names:
        yield f"The planner has to be one of the participants, and {planner[:80]!r} is none."
    elif next(one for one in listed if one.get("name") == planner).get("tools"):
        yield "The planner hands out tasks and uses no tools. Give them to another participant."


def _problems_of(one: Mapping[str, Any], who: str) -> Iterator[str]:
    unknown = sorted(set(one) - {"name", "description", "instructions", "tools"})
    if unknown:
        yield f"{who} has {unknown[0][:80]!r}, and nothing reads that: {SHAPE}."
    name, tools = one.get("name"), one.get("tools", [])
    if not isinstance(name, str) or not PARTICIPANT_NAME.fullmatch(name):
        yield f"{who} needs a name of up to 64 letters, digits, _ and -, a letter first."
    elif name == USER:
        yield f"{who} cannot be named {USER}: that is who asks."
    if not isinstance(one.get("instructions"), str) or not len(one["instructions"].strip()) > 0:
        yield f"{who} needs instructions."
    elif len(one["instructions"]) > MAX_INSTRUCTIONS_CHARS:
        yield f"{who} has instructions of more than {MAX_INSTRUCTIONS_CHARS:,} characters."
    description = one.get("description", "")
    if not isinstance(description, str) or len(description) > MAX_DESCRIPTION_CHARS:
        yield f"{who} needs a description that is a text of up to {MAX_DESCRIPTION_CHARS:,} characters."
    if not isinstance(tools, list) or not all(isinstance(tool, str) for tool in tools):
        yield f'{who} has tools that are no list of names: ["calculator"].'
