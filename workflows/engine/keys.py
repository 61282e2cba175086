"""The keys of an execution in the ledger and among its events: the same on every replay."""

import hashlib
from typing import Final

STAGE: Final = "execute"

NODE: Final = "node"
ATTEMPT: Final = "attempt"
REVIEW: Final = "review"
"""The kinds of an execution's own steps: a node's results, an attempt that failed, a review."""

AGENT: Final = "agent"
"""The stage of an agent's turn, and what the keys of its model calls begin with."""

TOOL: Final = "tool"
"""The kind of a step that is a call of a tool, and what its key begins with."""

QUESTION: Final = "question"
"""What the key of a question begins with; the key of what it is about follows."""
MCP: Final = "mcp"
"""The kind of a step that is the listing of an MCP server of the task's own, and what its key begins with."""

TEAM: Final = "team"
"""The stage of what a team does, and what the keys of its model calls and events begin with."""

MAX_NAME_CHARS: Final = 64


def short(name: str) -> str:
    """A node's name as a part of keys, which are bounded; names in posted graphs are not."""
    if len(name) <= MAX_NAME_CHARS:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{name[:40]}-{digest[:20]}"


def node_run(iteration: int, node: str, run: int) -> str:
    """A run of a node: the key of its step, and its name in events (`node_run`)."""
    return f"{NODE}/{iteration}/{short(node)}/{run}"


def node_calls(iteration: int, node: str, run: int) -> str:
    """What the keys of the run's model calls begin with."""
    return f"{STAGE}/{iteration}/{short(node)}/{run}"


def node_tools(iteration: int, node: str, run: int) -> str:
    """What the keys of the run's tool calls begin with; the number of the model's call and of the tool call follow."""
    return f"{TOOL}/{iteration}/{short(node)}/{run}"


def team_calls(speaker: str, turn: int) -> str:
    """What the keys of the model calls of a speaker's turn begin with; those of its tool calls are built likewise."""
    return f"{TEAM}/1/{short(speaker)}/{turn}"


def team_tools(speaker: str, turn: int) -> str:
    return f"{TOOL}/1/{short(speaker)}/{turn}"


def team_selection(turn: int) -> str:
    """What the keys of the model calls begin with that choose who takes this turn."""
    return f"{TEAM}/select/{turn}"


def team_turn(turn: int) -> str:
    """The key of the events of a turn."""
    return f"{TEAM}/{turn}"


MAIN: Final = "main"
"""The place of the agent that a person asked."""


def agent_calls(place: str) -> str:
    """What the keys of an agent's model calls begin with. `place`: which agent of the turn it is, see `delegated`."""
    return f"{AGENT}/0/{place}/1"


def agent_tools(place: str) -> str:
    """What the keys of its tool calls begin with, likewise."""
    return f"{TOOL}/0/{place}/1"


def delegated(place: str, tool_call: str) -> str:
    """The place of the agent that this tool call of the agent at `place` asks: `main.3.0` for the first tool of the
    third call."""
    return ".".join([place, *tool_call.split("/")[-2:]])


SUMMARY: Final = "summary"
"""The stage of summing a conversation up, and what the keys of its model calls begin with."""


def in_command(tool_call: str) -> str:
    """What all keys of the execution begin with that this tool call of the agent at `MAIN` starts."""
    return f"command/{'.'.join(tool_call.split('/')[-2:])}/"


def review(iteration: int) -> str:
    return f"{REVIEW}/{iteration}"


def run_of_attempt(key: str) -> str:
    """`<iteration>/<node>/<run>` of a failed attempt's key."""
    return key.removeprefix(f"{NODE}/").partition(f"/{ATTEMPT}/")[0]
