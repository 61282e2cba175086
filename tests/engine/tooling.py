"""Tools for tests, and endpoints that call them."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from workflows.engine.tools import Tool

from .graphs import graph_of
from .scripted import Answer, Asked, _chunk, _send, _start, _write, sub_task

TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}


async def nothing(arguments: Any, context: Any) -> str:
    return ""


def tool(name: str, description: str = "Does something.", call: Any = nothing, **more: Any) -> Tool:
    return Tool(name=name, description=description, call=call, **more)


KEY = "tool/1/write/1"
"""What the keys of the calls of `graph`'s agent begin with."""


def graph(*names: str, **agent: Any) -> dict[str, Any]:
    """One node, whose agent has these tools."""
    made = graph_of(sub_task("write", ["goal"], ["report"]))
    made["nodes"][0]["agents"][0] |= {"tool_names": list(names), **agent}
    return made


async def shout(arguments: Any, context: Any) -> str:
    return str(arguments["text"].upper())


SHOUT = tool("shout", "Makes it loud.", shout, parameters=TEXT)


def messages_of(asked: Asked) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = asked.body["messages"]
    return messages


def results_in(asked: Asked) -> list[str]:
    """The results of tools in the last exchange."""
    texts = [m["content"] for m in messages_of(asked) if m["role"] == "tool"]
    return [text.removeprefix("<tool_result>\n").removesuffix("\n</tool_result>") for text in texts]


def calls(*wanted: tuple[str, Any], text: str = "", ids: Sequence[str] | None = None, whole: bool = False) -> Answer:
    """Ask for tools by name, with arguments (JSON, or a text as it is), in pieces as endpoints send them."""

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        _start(writer)
        if text:
            _send(writer, _chunk({"content": text}))
        for index, (name, arguments) in enumerate(wanted):
            written = arguments if isinstance(arguments, str) else json.dumps(arguments)
            id_ = ids[index] if ids else f"call_{index}_{len(asked.body['messages'])}"
            first = {"index": index, "id": id_, "type": "function", "function": {"name": name, "arguments": ""}}
            if whole:
                function = {"name": name, "arguments": written}
                _send(writer, _chunk({"tool_calls": [{"id": id_, "function": function}]}))
                continue
            _send(writer, _chunk({"tool_calls": [first]}))
            for start in range(0, len(written), max(len(written) // 3, 1)):
                piece = written[start : start + max(len(written) // 3, 1)]
                _send(writer, _chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}))
        _send(writer, _chunk({}, "tool_calls"))
        _write(writer, b"data: [DONE]\n\n")
        writer.write(b"0\r\n\r\n")

    return answer
