"""What a task's job means: which part of the engine runs it, and what its result holds."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from django.conf import settings

from workflows.engine.agents.files import TaskFiles
from workflows.engine.agents.profile import Profile
from workflows.engine.agents.tool_calls import ToolCaller
from workflows.engine.agents.turn import Question, take_turn
from workflows.engine.commands.definition import Mode, WorkflowCommand
from workflows.engine.commands.summary import summarise
from workflows.engine.commands.turn import Action, Asked, take_command_turn
from workflows.engine.execution.executor import ExecutionLimits, execute
from workflows.engine.generation.generator import generate
from workflows.engine.journal import Journal
from workflows.engine.llm.calls import ModelCaller
from workflows.engine.llm.client import Models
from workflows.engine.llm.settings import DEMO, ModelSettings
from workflows.engine.portion import Portion
from workflows.engine.teams.asking import ask_team
from workflows.engine.teams.definition import TeamDefinition
from workflows.engine.tools import Toolbox
from workflows.exceptions import InputsMissing, Invalid
from workflows.models import Job, Task
from workflows.providers import model_settings
from workflows.toolbox import shown_tools

Run = Callable[[Task, Mapping[str, str], Models, Journal, Toolbox], Awaitable[dict[str, Any]]]

GENERATED: Final = 30
"""Percent of a run that its generation is."""


async def run_generation(
    task: Task, secrets: Mapping[str, str], models: Models, journal: Journal, tools: Toolbox
) -> dict[str, Any]:
    """A goal becomes a workflow. The result: `{goal, workflow_graph, message}`."""
    model = _model_of(task, secrets)
    graph = await generate(task.goal, settings=model, models=models, journal=journal, tools=shown_tools(tools))
    return {"goal": task.goal, "workflow_graph": graph, "message": _said("generated", model)}


async def run_execution(
    task: Task, secrets: Mapping[str, str], models: Models, journal: Journal, tools: Toolbox
) -> dict[str, Any]:
    """A workflow is executed: the task's version, or the graph it was given. The result: `{goal, outputs, results,
    iterations, message}`, and the `workflow_graph` where it grew."""
    graph = task.workflow_version.graph if task.workflow_version else task.params["workflow_graph"]
    return await _execute(task, graph, _model_of(task, secrets), models, journal, tools)


async def run_whole(
    task: Task, secrets: Mapping[str, str], models: Models, journal: Journal, tools: Toolbox
) -> dict[str, Any]:
    """Both, one after the other. The result: an execution's, with the `workflow_graph`."""
    model = _model_of(task, secrets)
    first = Portion(journal, 0, GENERATED)
    graph = await generate(task.goal, settings=model, models=models, journal=first, tools=shown_tools(tools))
    result = await _execute(task, graph, model, models, Portion(journal, GENERATED, 100), tools)
    return {"workflow_graph": graph, **result}


async def run_team(
    task: Task, secrets: Mapping[str, str], models: Models, journal: Journal, tools: Toolbox
) -> dict[str, Any]:
    """A team is asked. The result: `{goal, final_response, total_messages, response_length, stop_reason, messages,
    message}`."""
    model = _model_of(task, secrets)
    answered = await ask_team(
        task.goal,
        TeamDefinition.from_json(task.params["team"]),
        settings=model,
        models=models,
        journal=journal,
        tools=tools,
        task_id=str(task.pk),
    )
    by = " with the demo model" if model.provider == DEMO else ""
    return {"goal": task.goal, **answered, "message": f"Answered by the team{by}"}


async def run_agent(
    task: Task, secrets: Mapping[str, str], models: Models, journal: Journal, tools: Toolbox
) -> dict[str, Any]:
    """An agent takes its turn. The result: `{goal, final_response, success, iterations, message}`."""
    model = _model_of(task, secrets)
    answer, iterations = await take_turn(
        Profile.from_json(task.params["agent"]),
        Question(
            text=task.goal,
            criteria=task.params["success_criteria"],
            max_iterations=task.params["max_iterations"],
            budget_usd=None if task.budget_usd is None else float(task.budget_usd),
        ),
        ModelCaller(model, models, journal),
        ToolCaller(tools, journal, TaskFiles(journal), str(task.pk)),
    )
    return {
        "goal": task.goal,
        "final_response": answer.text,
        "success": answer.success,
        "iterations": iterations,
        "message": "Answered by the demo model" if model.provider == DEMO else "Answered",
    }


async def run_command(
    task: Task, secrets: Mapping[str, str], models: Models, journal: Journal, tools: Toolbox
) -> dict[str, Any]:
    """A turn of a channel. The result: `{goal, final_response, success, command_name, command_parameters,
    workflow_name, context, started_at, message}`."""
    model = _model_of(task, secrets)
    params = task.params
    answered = await take_command_turn(
        Asked(
            mode=Mode(params["mode"]),
            query=task.goal,
            profile=Profile.from_json(params["agent"]),
            workflow=WorkflowCommand.from_json(params["workflow"]),
            context=params["context"],
            action=Action(**params["action"]) if params["action"] else None,
            max_iterations=params["max_iterations"],
            budget_usd=None if task.budget_usd is None else float(task.budget_usd),
            nodes_at_once=settings.NODES_AT_ONCE,
        ),
        ModelCaller(model, models, journal),
        ToolCaller(tools, journal, TaskFiles(journal), str(task.pk)),
    )
    is_demo = model.provider == DEMO and params["mode"] != Mode.ACTION
    return {
        "goal": task.goal,
        "final_response": answered.response,
        "success": answered.success,
        "command_name": answered.command,
        "command_parameters": dict(answered.parameters),
        "workflow_name": params["workflow_name"],
        "context": params["context"],
        "started_at": round(task.created_at.timestamp() * 1000),
        "message": "Answered by the demo model" if is_demo else "Answered",
    }


async def run_summary(
    task: Task, secrets: Mapping[str, str], models: Models, journal: Journal, tools: Toolbox
) -> dict[str, Any]:
    """A conversation is summed up. The result: `{goal, topic, summary, message}`."""
    model = _model_of(task, secrets)
    said = await summarise(task.params["turns"], ModelCaller(model, models, journal))
    by = " by the demo model" if model.provider == DEMO else ""
    return {"goal": task.goal, "topic": said.topic, "summary": said.summary, "message": f"Summed up{by}"}


async def _execute(
    task: Task, graph: Mapping[str, Any], model: ModelSettings, models: Models, journal: Journal, tools: Toolbox
) -> dict[str, Any]:
    try:
        executed = await execute(
            graph,
            task.params.get("inputs") or {},
            settings=model,
            models=models,
            journal=journal,
            tools=tools,
            task_id=str(task.pk),
            limits=ExecutionLimits(nodes_at_once=settings.NODES_AT_ONCE),
            depth=task.params.get("depth", 1),
            breadth=task.params.get("breadth", 0),
        )
    except Invalid as invalid:
        # Of a graph that was given this was checked with the request; of a generated one it shows only now.
        raise InputsMissing("; ".join(problem["msg"] for problem in invalid.problems[:5])) from None
    grown = {"workflow_graph": executed.pop("graph")} if "graph" in executed else {}
    return {"goal": task.goal, **executed, **grown, "message": _said("executed", model)}


def _model_of(task: Task, secrets: Mapping[str, str]) -> ModelSettings:
    return model_settings(task.params["llm_config"], secrets)


def _said(done: str, model: ModelSettings) -> str:
    return f"Workflow {done} by the demo model" if model.provider == DEMO else f"Workflow {done} successfully"


JOBS: Mapping[str, Run] = {
    Job.GENERATE: run_generation,
    Job.EXECUTE: run_execution,
    Job.RUN: run_whole,
    Job.ASK: run_team,
    Job.AGENT: run_agent,
    Job.COMMAND: run_command,
    Job.SUMMARY: run_summary,
}
