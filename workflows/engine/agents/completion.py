"""How an agent says that it is done: by the tool `completion`, or by answering without calling one."""

import json
from typing import Any, Final, NamedTuple

from workflows.engine.llm.replies import Rejected
from workflows.engine.llm.tool_requests import ToolRequest
from workflows.engine.tools import Arguments, Tool, ToolContext

COMPLETION: Final = "completion"
NO_ANSWER: Final = "the reply is empty"
AGAIN: Final = f"Answer, or call `{COMPLETION}`."


class Answer(NamedTuple):
    """What an agent answered. `success`: whether it says that it did what was wanted."""

    text: str
    success: bool = True


async def complete(arguments: Arguments, context: ToolContext) -> str:
    """Nothing is left to do: who looks at the calls finds the result in the arguments."""
    return "Done."


def completion_tool(*, has_criteria: bool) -> Tool:
    """`has_criteria`: whether the agent has to say if criteria are met."""
    properties: dict[str, Any] = {"result": {"type": "string", "minLength": 1, "description": "Your whole answer"}}
    if has_criteria:
        properties["success"] = {"type": "boolean", "description": "Whether all success criteria are met"}
    return Tool(
        name=COMPLETION,
        description="Ends your work with your answer. Call it once, when you are done.",
        call=complete,
        parameters={
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        },
    )


def completed(request: ToolRequest) -> Answer:
    """The answer in the arguments of a call that went well."""
    arguments = json.loads(request.arguments, strict=False)
    return Answer(arguments["result"], arguments.get("success", True))


def read_answer(text: str) -> Answer:
    """The answer that a reply without a tool is. Raises `Rejected` for none."""
    if not text.strip():
        raise Rejected([NO_ANSWER])
    return Answer(text.strip())
