"""What an agent may use: a tool, what it is given for one call, and the toolbox of those on offer.

Where a tool comes from makes no difference: built in, from a Python project, from a server.
"""

import inspect
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Protocol

from jsonschema import Draft202012Validator

from workflows.engine.schemas import problems_of, schema_fault, validator
from workflows.engine.text import listed

MAX_TIMEOUT_S: Final = 3_600.0
MAX_OUTPUT_LIMIT: Final = 200_000

NO_PARAMETERS: Final[Mapping[str, Any]] = {"type": "object", "properties": {}, "additionalProperties": False}

# What OpenAI takes for a function's name; MCP's are wider, and have to be made to fit.
TOOL_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class ToolFailed(Exception):
    """What went wrong with a call, in a sentence for the model: what it may do about it. It holds no secrets."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Files(Protocol):
    """The files of a task as one call sees them. What it writes is kept once the call has succeeded."""

    async def read(self, name: str) -> str:
        """Raises `ToolFailed` if there is none of that name."""

    async def write(self, name: str, text: str) -> None:
        """Raises `ToolFailed` for a name or a size that files do not have."""

    async def sizes(self) -> dict[str, int]:
        """Characters by name."""


class ToolContext(Protocol):
    """What a tool is given besides its arguments."""

    @property
    def task_id(self) -> str: ...

    @property
    def call(self) -> str:
        """The call's name, the same on every replay: with `task_id` it makes a key that is good for one effect."""

    @property
    def files(self) -> Files: ...

    async def emit(self, text: str) -> None:
        """Show a piece of output while the call runs. Beyond the tool's output limit nothing more is shown."""

    async def ask(self, text: str, choices: Sequence[str] = ()) -> str | None:
        """Ask a person; None if nobody answers in time. The call is ended while the question waits, and is made again
        with the answer, so that only tools without side effects may ask. Raises `ToolFailed` for others."""


Arguments = Mapping[str, Any]
ToolFunction = Callable[[Arguments, ToolContext], Awaitable[Any] | AsyncIterator[str]]
"""An async function that returns a text or JSON; or an async generator, whose pieces are shown as they come and are
the result together. Raises `ToolFailed`."""


@dataclass(frozen=True)
class Tool:
    """A tool: what a model has to know of it, what it does, and its bounds.

    `parameters`: the JSON Schema of its arguments, an object. `side_effects`: whether it changes anything outside of
    the task. `timeout_s`: seconds, then it is cut off. `output_limit`: characters of its result.
    Raises `ValueError` for what no tool can be.
    """

    name: str
    description: str
    call: ToolFunction
    parameters: Mapping[str, Any] = field(default_factory=lambda: NO_PARAMETERS)
    side_effects: bool = False
    timeout_s: float = 30.0
    output_limit: int = 20_000

    def __post_init__(self) -> None:
        if not TOOL_NAME.fullmatch(self.name):
            raise ValueError(f"a tool's name has 1 to 64 of a-z, A-Z, 0-9, _ and -, unlike {self.name[:80]!r}")
        if not self.description.strip():
            raise ValueError(f"the tool {self.name} needs a description: models choose by it")
        if not (inspect.iscoroutinefunction(self.call) or inspect.isasyncgenfunction(self.call)):
            is_object = inspect.iscoroutinefunction(getattr(self.call, "__call__", None))  # noqa: B004
            if not is_object and not inspect.isasyncgenfunction(getattr(self.call, "__call__", None)):  # noqa: B004
                raise ValueError(
                    f"the tool {self.name} has to be an async function: what blocks would hold up every task of its "
                    "worker (asyncio.to_thread makes a blocking function one that does not)"
                )
        if not 0 < self.timeout_s <= MAX_TIMEOUT_S or not 0 < self.output_limit <= MAX_OUTPUT_LIMIT:
            raise ValueError(
                f"the tool {self.name} may take up to {MAX_TIMEOUT_S:g} seconds and return {MAX_OUTPUT_LIMIT:,} "
                "characters; both have to be more than 0"
            )
        if self.parameters.get("type") != "object":
            raise ValueError(f'the parameters of the tool {self.name} have to be a JSON Schema of type "object"')
        if place := schema_fault(self.parameters):
            raise ValueError(f"the parameters of the tool {self.name} are no JSON Schema, at {place}")

    def problems(self, arguments: Arguments) -> list[str]:
        """What is wrong with these arguments, as sentences."""
        return problems_of(self._validator, arguments)

    def offer(self) -> dict[str, Any]:
        """The tool as Chat Completions offers it to a model."""
        function = {"name": self.name, "description": self.description, "parameters": dict(self.parameters)}
        return {"type": "function", "function": function}

    @cached_property
    def _validator(self) -> Draft202012Validator:
        return validator(self.parameters)


class Toolbox:
    """Tools by name. Immutable: a smaller or larger one is another one."""

    def __init__(self, tools: Iterable[Tool] = ()) -> None:
        """Raises `ValueError` if two have the same name."""
        self._tools: dict[str, Tool] = {}
        for tool in tools:
            if tool.name in self._tools:
                raise ValueError(f"two tools are named {tool.name}; rename one, or leave one out")
            self._tools[tool.name] = tool

    def __iter__(self) -> Iterator[Tool]:
        return iter(self._tools.values())

    def __len__(self) -> int:
        return len(self._tools)

    def get(self, name: str) -> Tool | None:
        return self._tools.get(name)

    def only(self, names: Iterable[str]) -> "Toolbox":
        """Those of these names that there are."""
        return Toolbox(self._tools[name] for name in dict.fromkeys(names) if name in self._tools)

    def __str__(self) -> str:
        return listed(list(self._tools), limit=20)


def as_json(tools: Iterable[Tool]) -> list[dict[str, str]]:
    """The list as it stands in a prompt for planning."""
    return [{"name": tool.name, "description": tool.description} for tool in tools]
