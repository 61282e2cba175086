"""One run of a node: its agent is asked, as often and as patiently as the node's policy says."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from workflows.engine import keys, prompts
from workflows.engine.agents.agent import Work, most_calls, work
from workflows.engine.agents.tool_calls import ToolCaller
from workflows.engine.execution.answers import Room, node_format, node_reader
from workflows.engine.execution.findings import Findings
from workflows.engine.execution.schedule import Turn
from workflows.engine.execution.telling import Telling
from workflows.engine.graphs.policies import Policy, error_type
from workflows.engine.graphs.templates import filled
from workflows.engine.graphs.tool_use import ToolUse
from workflows.engine.journal import Step
from workflows.engine.llm.calls import ModelCaller, OnText
from workflows.engine.llm.structured import Request
from workflows.engine.questions import APPROVAL, MAX_TEXT_CHARS, Question, refusal
from workflows.engine.text import cut
from workflows.engine.values import as_text
from workflows.exceptions import ModelFailed, ModelUnusable, NotApproved, TaskError, TimedOut

MAX_PROMPT_CHARS: Final = 4_000_000
"""No model reads more, and a hundred nodes' results in one prompt would fill the memory."""

LONGEST_SLEEP_S: Final = 1.0

Node = Mapping[str, Any]


class RunFailed(Exception):
    """A run whose last attempt has failed. `sentence` names the node and says why."""

    def __init__(self, node: str, message: str, attempts: int) -> None:
        tries = "" if attempts == 1 else f" after {attempts} attempts"
        self.node = node
        self.sentence = f"Node {cut(node, 80)!r} failed{tries}: {message}"
        super().__init__(self.sentence)


@dataclass(frozen=True)
class NodeRunner:
    """Runs the nodes of one iteration."""

    caller: ModelCaller
    tools: ToolCaller
    telling: Telling
    iteration: int
    room: Room
    clock: Callable[[], float] = time.monotonic

    async def run(self, node: Node, turn: Turn, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The outputs of this run, from the ledger if they are there.

        Raises `RunFailed` when no attempt is left, `Paused` before something new would begin, and `Waiting` while a
        person is asked.
        """
        journal = self.caller.journal
        key = keys.node_run(self.iteration, turn.node, turn.run)
        step = await journal.lookup(key)
        if step is not None:
            outputs: dict[str, Any] = step.output["outputs"]
            self.room.take(outputs)
            await self.telling.taken_over(self.iteration, turn, step)
            return outputs
        await journal.boundary()
        policy = Policy.of(node)
        if policy.needs_approval:
            inputs = await self._approved(node, turn, inputs, policy)
        await self.telling.started(self.iteration, turn)
        started = self.clock()
        outputs = await self._first_success(node, turn, inputs)
        duration_ms = round((self.clock() - started) * 1000)
        step = Step(key, keys.NODE, {"outputs": outputs, "duration_ms": duration_ms})
        await self.telling.finished(self.iteration, turn, step)
        return outputs

    async def _approved(self, node: Node, turn: Turn, inputs: Mapping[str, Any], policy: Policy) -> Mapping[str, Any]:
        """The inputs that a person lets it run with. Raises `RunFailed` after a no."""
        node_run = keys.node_run(self.iteration, turn.node, turn.run)
        asked = approval_question(node, inputs, node_run)
        answer = await self.caller.journal.ask(asked.key(f"{keys.QUESTION}/{node_run}"), asked)
        if answer.approved:
            return inputs if answer.arguments is None else answer.arguments
        await self.telling.started(self.iteration, turn)
        error = NotApproved(f"A person did not approve it{refusal(answer)}")
        step = await self._settle_failure(turn, 1, policy, error)
        raise RunFailed(turn.node, step.output["message"], 1)

    async def _first_success(self, node: Node, turn: Turn, inputs: Mapping[str, Any]) -> dict[str, Any]:
        policy = Policy.of(node)
        for attempt in count(1):
            step = await self._failed_before(turn, attempt)
            if step is None:
                try:
                    return await self._attempt(node, turn, inputs, attempt, policy)
                except (ModelFailed, ModelUnusable, TimedOut) as error:
                    step = await self._settle_failure(turn, attempt, policy, error)
                if step.output["delay_s"] is not None:
                    await self._wait(step.output["delay_s"])
            if step.output["delay_s"] is None:
                raise RunFailed(turn.node, step.output["message"], attempt)
        raise AssertionError("unreachable: the attempts end with outputs or a failure")

    async def _attempt(
        self, node: Node, turn: Turn, inputs: Mapping[str, Any], attempt: int, policy: Policy
    ) -> dict[str, Any]:
        use = ToolUse.of(fitting_agent(node))
        request = self._request(node, turn, inputs, tries_before=(attempt - 1) * most_calls(use))
        doing = Work(request, use, keys.node_tools(self.iteration, turn.node, turn.run))
        try:
            # Only the asking: what is written down of the run must not be cut off in the middle.
            async with asyncio.timeout(policy.timeout_s) as limit:
                outputs = await work(self.caller, self.tools, doing)
        except TimeoutError:
            if not limit.expired():
                raise
            raise TimedOut(f"It did not finish within {policy.timeout_s:g} s.") from None
        self.room.take(outputs)
        return outputs

    def _request(self, node: Node, turn: Turn, inputs: Mapping[str, Any], tries_before: int) -> Request[dict[str, Any]]:
        return Request(
            key=keys.node_calls(self.iteration, turn.node, turn.run),
            stage=keys.STAGE,
            node=turn.node,
            subject=f"result of {cut(turn.node, 80)!r}",
            task="this sub-task",
            system=prompts.NODE,
            user=agent_prompt(node, inputs),
            format=node_format(node["outputs"]),
            read=node_reader(node["outputs"]),
            tries_before=tries_before,
            listen=lambda: self._listener(turn),
        )

    def _listener(self, turn: Turn) -> OnText:
        findings = Findings(self.clock)

        async def on_text(text: str) -> None:
            finding = findings.heard(text)
            if finding:
                await self.telling.found(self.iteration, turn, finding)

        return on_text

    async def _failed_before(self, turn: Turn, attempt: int) -> Step | None:
        """An attempt that failed under an earlier claim: a takeover does not give it back."""
        return await self.caller.journal.lookup(self._attempt_key(turn, attempt))

    async def _settle_failure(self, turn: Turn, attempt: int, policy: Policy, error: TaskError) -> Step:
        word = error_type(error)
        failed = {
            "attempt": attempt,
            "type": word,
            "message": error.detail,
            "delay_s": policy.delay_s(attempt, word),
        }
        step = Step(self._attempt_key(turn, attempt), keys.ATTEMPT, failed)
        await self.telling.attempt_failed(self.iteration, turn, step)
        return step

    async def _wait(self, delay_s: float) -> None:
        """A pause need not wait for the end of it."""
        await self.caller.journal.boundary()
        while delay_s > 0:
            piece = min(delay_s, LONGEST_SLEEP_S)
            await self.caller.models.retries.sleep(piece)
            delay_s -= piece
            await self.caller.journal.boundary()

    def _attempt_key(self, turn: Turn, attempt: int) -> str:
        return f"{keys.node_run(self.iteration, turn.node, turn.run)}/{keys.ATTEMPT}/{attempt}"


def approval_question(node: Node, inputs: Mapping[str, Any], node_run: str) -> Question:
    """Whether the node may run with these inputs."""
    properties = {
        one["name"]: {"type": [one["type"], *([] if one["required"] else ["null"])]} for one in node["inputs"]
    }
    schema = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    text = f"May the node {cut(node['name'], 80)!r} run? {cut(node['description'], MAX_TEXT_CHARS - 200)}"
    return Question(APPROVAL, text.rstrip(), keys.STAGE, node["name"], schema, dict(inputs), {"node_run": node_run})


def agent_prompt(node: Node, inputs: Mapping[str, Any]) -> str:
    """The agent's prompt with its inputs, and what it has to answer. Raises `ModelUnusable` if it is too long."""
    agent = fitting_agent(node)
    texts = {name: as_text(value) for name, value in inputs.items()}
    length = sum(map(len, texts.values()))
    if length > MAX_PROMPT_CHARS:
        raise ModelFailed(
            f"Its inputs have {length:,} characters together, and {MAX_PROMPT_CHARS:,} is the most. "
            "Let an earlier node shorten them."
        )
    outputs = [
        {name: output[name] for name in ("name", "type", "description", "required")} for output in node["outputs"]
    ]
    return f"{filled(agent['prompt'], texts)}\n\n{prompts.json_section('Outputs', outputs)}"


def fitting_agent(node: Node) -> Mapping[str, Any]:
    """The first agent whose inputs and outputs are the node's; a valid node has one.

    EvoAgentX has the model choose among a node's agents, which costs a further call for each node.
    """

    def names(of: Mapping[str, Any], key: str) -> set[str]:
        return {parameter["name"] for parameter in of[key]}

    wanted = names(node, "inputs"), names(node, "outputs")
    agents: list[Mapping[str, Any]] = node["agents"]
    return next((a for a in agents if (names(a, "inputs"), names(a, "outputs")) == wanted), agents[0])
