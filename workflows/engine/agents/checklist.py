"""An agent's plan: made and ticked off by tools, and told whenever it changes."""

import json
from typing import Any, Final

from workflows.engine import keys
from workflows.engine.journal import Journal
from workflows.engine.tools import Arguments, Tool, ToolContext, ToolFailed
from workflows.events import Kind

MAKE_PLAN: Final = "make_plan"
TICK_OFF: Final = "tick_off"
MAX_STEPS: Final = 50
MAX_STEP_CHARS: Final = 500


class Checklist:
    """The plan of one agent in one task. The results of its tools hold it, so that a replay finds it in the ledger."""

    def __init__(self, journal: Journal, steps: list[dict[str, Any]]) -> None:
        self._journal = journal
        self._steps = steps

    @classmethod
    async def of(cls, journal: Journal, tool_key: str) -> "Checklist":
        """As it was left by the calls whose keys begin so."""
        calls = [step.output for step in await journal.settled(keys.TOOL) if step.key.startswith(f"{tool_key}/")]
        plans = [call["result"] for call in calls if call["tool"] in (MAKE_PLAN, TICK_OFF) and call["ok"]]
        return cls(journal, json.loads(plans[-1]) if plans else [])

    def tools(self) -> list[Tool]:
        steps = {"type": "string", "minLength": 1, "maxLength": MAX_STEP_CHARS}
        return [
            Tool(
                MAKE_PLAN,
                "Makes your plan, in place of the one that you may have: the steps that you will take, in order.",
                self._make,
                _arguments(steps={"type": "array", "minItems": 1, "maxItems": MAX_STEPS, "items": steps}),
                output_limit=100_000,
            ),
            Tool(
                TICK_OFF,
                "Ticks off a step of your plan that is done.",
                self._tick_off,
                _arguments(step={"type": "integer", "minimum": 1, "description": "Its number, from 1 on"}),
                output_limit=100_000,
            ),
        ]

    async def _make(self, arguments: Arguments, context: ToolContext) -> Any:
        self._steps = [{"step": text, "done": False} for text in arguments["steps"]]
        return await self._told(context)

    async def _tick_off(self, arguments: Arguments, context: ToolContext) -> Any:
        number = arguments["step"]
        if number > len(self._steps):
            has = f"has the steps 1 to {len(self._steps)}" if self._steps else f"is not made yet: call {MAKE_PLAN}"
            raise ToolFailed(f"There is no step {number}: your plan {has}.")
        self._steps[number - 1] = {**self._steps[number - 1], "done": True}
        return await self._told(context)

    async def _told(self, context: ToolContext) -> list[dict[str, Any]]:
        plan = [dict(step) for step in self._steps]
        await self._journal.tell(context.call, Kind.AGENT_PLANNED, {"call": context.call, "plan": plan})
        return plan


def _arguments(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
