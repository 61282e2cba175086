"""A model endpoint on loopback that answers as a test tells it: real HTTP, one asyncio server, no framework.

An answer is scripted per schema name (`workflow_plan`, `node_agents`), in order; the last one is repeated.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def about(self) -> str:
        """The schema's name; without one the speaker of a team, or the kind of prompt."""
        schema = self.body.get("response_format", {}).get("json_schema")
        if schema:
            return schema["name"]
        if "## Speaker\n" in self.body["messages"][1]["content"]:
            return self.section("Speaker")["name"]
        for section, name in (("Node", "node_agents"), ("Outputs", "node_result"), ("Results", "workflow_review")):
            if f"## {section}\n" in self.body["messages"][1]["content"]:
                return name
        return "workflow_plan"

    @property
    def node(self) -> str:
        """The node whose agent this is, by the prompts that `agent` writes."""
        return self.body["messages"][1]["content"].split("Do it: ")[1].split(".")[0]

    @property
    def last_message(self) -> str:
        return self.body["messages"][-1]["content"]

    def section(self, title: str) -> Any:
        """The JSON of a fenced section of the first user message."""
        text = self.body["messages"][1]["content"]
        return json.loads(text.split(f"## {title}\n```json\n")[1].split("\n```")[0])


Answer = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Endpoint:
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    script: dict[str, list[Answer]] = field(default_factory=lambda: defaultdict(list))
    connections: set[asyncio.Task[None] | None] = field(default_factory=set)

    def on(self, about: str, *answers: Answer) -> None:
        self.script[about] = list(answers)

    def about(self, name: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.about == name]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.add(asyncio.current_task())
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().split("\r\n")
                headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines[1:] if line)}
                body = json.loads(await reader.readexactly(int(headers["content-length"])))
                asked = Asked(headers, body)
                self.asked.append(asked)
                answers = self.script[asked.about]
                await (answers.pop(0) if len(answers) > 1 else answers[0])(asked, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def endpoint() -> AsyncIterator[Endpoint]:
    """An endpoint on a free port, with a plan and agents that are right unless scripted otherwise."""
    served = Endpoint()
    served.on("workflow_plan", says(PLAN))
    served.on("node_agents", agent_for_node)
    served.on("node_result", result_of_node)
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    served.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield served
    finally:
        server.close()
        for connection in served.connections:
            connection.cancel()
        await asyncio.gather(*served.connections)


def says(
    reply: Any, *, finish: str | None = "stop", usage: bool = True, cut: bool = False, refusal: str | None = None
) -> Answer:
    """Stream a reply (text, or JSON) in small pieces. `cut`: drop the connection before the end."""
    text = reply if isinstance(reply, str) else json.dumps(reply)

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        _start(writer)
        size = max(40, len(text) // 100)
        for start in range(0, len(text), size):
            _send(writer, _chunk({"content": text[start : start + size]}))
        if refusal:
            _send(writer, _chunk({"refusal": refusal}))
        if cut:
            await writer.drain()
            raise ConnectionError
        if finish:
            _send(writer, _chunk({}, finish))
        if usage and asked.body.get("stream_options"):
            counts = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
            _send(writer, {**_chunk({}), "choices": [], "usage": counts})
        _write(writer, b"data: [DONE]\n\n")
        writer.write(b"0\r\n\r\n")

    return answer


def fails(status: int, error: dict[str, Any] | None = None, **headers: str) -> Answer:
    """An error status with OpenAI's error body."""

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        body = json.dumps({"error": error or {"message": "scripted", "code": None}}).encode()
        lines = [f"HTTP/1.1 {status} Scripted", f"Content-Length: {len(body)}", "Content-Type: application/json"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    return answer


def streams(*raw: bytes) -> Answer:
    """A stream of these very bytes."""

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        _start(writer)
        for piece in raw:
            _write(writer, piece)
        writer.write(b"0\r\n\r\n")

    return answer


async def hangs(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Never answer; the client gives up and closes."""
    await asyncio.Event().wait()


async def agent_for_node(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """The right agent for the node in the request."""
    await says({"agents": [agent(asked.section("Node"))]})(asked, writer)


VALUES = {"string": "text", "integer": 3, "number": 2.5, "boolean": True, "object": {"a": 1}, "array": ["one", "two"]}


async def result_of_node(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """A right value for each output; a string says whose it is."""
    await says(result(asked))(asked, writer)


def result(asked: Asked, **changes: Any) -> dict[str, Any]:
    outputs = asked.section("Outputs")
    values = {
        o["name"]: f"{o['name']} of {asked.node}" if o["type"] == "string" else VALUES[o["type"]] for o in outputs
    }
    return {"thought": "Done.", **values, **changes}


def agent(node: dict[str, Any], **changes: Any) -> dict[str, Any]:
    task = f"### Objective\nDo it: {node['name']}."
    inputs = "\n".join(f"<input>{{{parameter['name']}}}</input>" for parameter in node["inputs"])
    outputs = "\n".join(f"## {parameter['name']}\nThe result." for parameter in node["outputs"])
    return {
        "name": f"{node['name']}_agent",
        "description": "Does it.",
        "inputs": node["inputs"],
        "outputs": node["outputs"],
        "prompt": f"{task}\n\n### Inputs\n{inputs}\n\n### Output Format\n## Thought\n\n{outputs}",
        "tool_names": None,
        **changes,
    }


def parameter(name: str, type: str = "string", required: bool = True) -> dict[str, Any]:
    return {"name": name, "type": type, "description": f"The {name}.", "required": required}


def sub_task(name: str, inputs: list[Any], outputs: list[Any]) -> dict[str, Any]:
    """Parameters by name, or as whole parameters."""
    return {
        "name": name,
        "description": f"Do {name}.",
        "reason": "It is needed.",
        "inputs": [parameter(p) if isinstance(p, str) else p for p in inputs],
        "outputs": [parameter(p) if isinstance(p, str) else p for p in outputs],
    }


def plan(*sub_tasks: dict[str, Any]) -> dict[str, Any]:
    return {"goal": "The goal.", "thought": "Side by side.", "sub_tasks": list(sub_tasks)}


PLAN = plan(
    sub_task("find_risks", ["goal"], ["risks"]),
    sub_task("find_chances", ["goal"], ["chances"]),
    sub_task("write_report", ["risks", "chances"], ["report"]),
)


def _chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}


def _start(writer: asyncio.StreamWriter) -> None:
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
        b"Set-Cookie: session=scripted\r\n\r\n"
    )


def _send(writer: asyncio.StreamWriter, chunk: dict[str, Any]) -> None:
    _write(writer, f"data: {json.dumps(chunk)}\n\n".encode())


def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
