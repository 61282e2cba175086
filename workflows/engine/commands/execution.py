"""A workflow as a command: it is executed inside of the task that calls it, and its cost is the task's."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from workflows.engine import keys
from workflows.engine.agents.delegation import ForChild
from workflows.engine.agents.tool_calls import ToolCaller
from workflows.engine.budget import Estimate, Grant
from workflows.engine.commands.definition import WorkflowCommand, input_schema
from workflows.engine.execution.executor import ExecutionLimits, execute
from workflows.engine.journal import Journal, Step
from workflows.engine.llm.calls import ModelCaller
from workflows.engine.questions import Answer, Question
from workflows.engine.text import cut
from workflows.engine.tools import MAX_TIMEOUT_S, Arguments, Tool, ToolContext, ToolFailed
from workflows.events import Kind
from workflows.exceptions import Invalid, ModelFailed, ModelUnusable, NodeFailed


class InCommand(ForChild):
    """The journal of an execution inside of a tool call. Its keys, and the names of its calls, begin with a place of
    their own: a task may execute the same workflow again. Its progress is not the task's."""

    def __init__(self, journal: Journal, call: str) -> None:
        super().__init__(journal, call)
        self._place = keys.in_command(call)

    async def tell(self, key: str, kind: Kind, data: Mapping[str, Any]) -> None:
        if kind is not Kind.TASK_PROGRESS:
            await super().tell(self._place + key, kind, self._placed(data))

    async def text(self, call: str, text: str, *, stage: str, node: str | None, kind: Kind = Kind.MODEL_TEXT) -> None:
        await super().text(self._place + call, text, stage=stage, node=node, kind=kind)

    async def told(self, key: str, kind: Kind) -> bool:
        return await super().told(self._place + key, kind)

    async def reserve(self, key: str, estimate: Estimate) -> Grant | None:
        return await super().reserve(self._place + key, estimate)

    async def release(self, key: str) -> None:
        await super().release(self._place + key)

    async def lookup(self, key: str) -> Step | None:
        return await super().lookup(self._place + key)

    async def settle(self, step: Step, kind: Kind, data: Mapping[str, Any]) -> None:
        placed = Step(self._place + step.key, step.kind, step.output, step.usage)
        await super().settle(placed, kind, self._placed(data))

    async def ask(self, key: str, question: Question) -> Answer:
        # `Waiting` names the whole key, and `answered` is asked for what it names.
        return await super().ask(self._place + key, replace(question, about=self._placed(question.about)))

    def _placed(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {**data, **({"call": self._place + data["call"]} if "call" in data else {})}


def execution_tool(workflow: WorkflowCommand, models: ModelCaller, tools: ToolCaller, nodes_at_once: int) -> Tool:
    """The tool that executes the workflow with its arguments as inputs, and gives its outputs."""

    async def call(arguments: Arguments, context: ToolContext) -> Any:
        try:
            executed = await execute(
                workflow.graph,
                arguments,
                settings=models.settings,
                models=models.models,
                journal=InCommand(models.journal, context.call),
                tools=tools.toolbox,
                # With a call's name there it makes a key that is good for one effect: see `ToolContext`.
                task_id=f"{tools.task_id}/{context.call}",
                limits=ExecutionLimits(nodes_at_once=nodes_at_once),
            )
        except Invalid as invalid:
            raise ToolFailed("; ".join(problem["msg"] for problem in invalid.problems[:5])) from None
        except (NodeFailed, ModelFailed, ModelUnusable) as error:
            raise ToolFailed(f"The workflow was not executed to its end: {error.detail}") from None
        outputs = executed["outputs"]
        return outputs if len(outputs) != 1 else _as_text(*outputs.values())

    return Tool(
        name=workflow.name,
        description=f"Executes the workflow: {cut(workflow.description, 1_000)}",
        call=call,
        parameters=input_schema(workflow.graph),
        timeout_s=MAX_TIMEOUT_S,
        output_limit=100_000,
    )


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
