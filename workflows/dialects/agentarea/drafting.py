"""From a request's body to what an agent is to be."""

from collections.abc import Mapping
from typing import Any, Final

from sessions.callers import Caller
from workflows.dialects.agentarea.serializers import AgentChangesSerializer, AgentSerializer
from workflows.exceptions import Invalid, Problem
from workflows.http.agents import check_tools
from workflows.http.views import validated
from workflows.models import Agent
from workflows.services import AgentDraft

SYNONYMS: Final = {"instruction": "instructions", "model_id": "model"}
"""This API's names, and those of the rows, which it takes too."""

NEW: Final[Mapping[str, Any]] = {
    "description": None,
    "tools_config": None,
    "events_config": None,
    "planning": False,
    "enable_streaming": False,
    "budget_usd": None,
}


def draft_of(caller: Caller, body: Any) -> AgentDraft:
    """A new agent. Raises Invalid, and BadRequest for tools that are not there."""
    asked = _renamed(validated(AgentSerializer, body))
    missing = [ours for ours, name in SYNONYMS.items() if name not in asked]
    if missing:
        fields = [Problem(loc=["body", name], msg="This field is required.", type="missing") for name in missing]
        raise Invalid(fields)
    return _draft(caller, {**NEW, **asked}, None)


def changed_draft(caller: Caller, agent: Agent, body: Any) -> AgentDraft:
    """The agent with what the body names. Raises likewise, and Invalid for a name that changes nothing."""
    asked = _renamed(validated(AgentChangesSerializer, body))
    unknown = [name for name in body if name not in AgentSerializer().fields]
    if unknown:
        msg = "An agent has no such field."
        raise Invalid([Problem(loc=["body", name[:100]], msg=msg, type="extra_forbidden") for name in unknown[:20]])
    return _draft(caller, {"name": agent.name, **agent.newest.definition, **asked}, agent)


def ignored_keys(body: Mapping[str, Any]) -> list[str]:
    """The names that were sent and that nothing will read."""
    return [name[:100] for name in body if name not in AgentSerializer().fields][:50]


def _draft(caller: Caller, asked: Mapping[str, Any], agent: Agent | None) -> AgentDraft:
    definition = {**asked, "planning": bool(asked["planning"])}
    check_tools(caller, definition["tools_config"] or {}, agent)
    return AgentDraft(definition.pop("name"), definition)


def _renamed(asked: Mapping[str, Any]) -> dict[str, Any]:
    """With the rows' names; where both were sent, this API's own counts."""
    renamed = {name: value for name, value in asked.items() if name not in SYNONYMS}
    return renamed | {SYNONYMS[name]: value for name, value in asked.items() if name in SYNONYMS}
