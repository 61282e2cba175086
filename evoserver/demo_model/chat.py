"""Chat Completions as values: what a request asks, and how a reply looks in one piece and in chunks."""

import hashlib
import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

Json = dict[str, Any]

# Tuples, since what a client sends need not be hashable.
ROLES: Final = ("system", "developer", "user", "assistant", "tool", "function")
FORMATS: Final = ("text", "json_object", "json_schema")


class Refused(Exception):
    """An answer in OpenAI's error shape: https://platform.openai.com/docs/guides/error-codes"""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type_: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: Json = {"error": {"message": message, "type": type_, "param": param, "code": code}}
        self.headers = dict(headers or {})


@dataclass(frozen=True)
class Message:
    """`calls`: the ids of the tools that an assistant called, or the one that a tool answers."""

    role: str
    text: str
    calls: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChatRequest:
    """One call, as far as this server looks at it."""

    model: str
    messages: tuple[Message, ...]
    stream: bool = False
    include_usage: bool = False
    format: str = "text"
    schema_name: str | None = None
    schema: Json | None = None
    tools: tuple[Json, ...] = ()
    tool_choice: Any = None
    max_tokens: int | None = None

    @cached_property
    def digest(self) -> str:
        """What makes two calls the same: their messages, model and schema name."""
        told = [[message.role, message.text] for message in self.messages]
        return hashlib.sha256(json.dumps([told, self.model, self.schema_name]).encode()).hexdigest()[:24]

    @property
    def tool_rounds(self) -> int:
        """How often tools were called so far."""
        return sum(bool(message.calls) for message in self.messages if message.role == "assistant")

    @property
    def first_user_text(self) -> str:
        return next((message.text for message in self.messages if message.role == "user"), "")

    @property
    def last_user_text(self) -> str:
        return next((message.text for message in reversed(self.messages) if message.role == "user"), "")


@dataclass(frozen=True)
class Reply:
    """What the model says: a text, a refusal, or calls of tools."""

    text: str = ""
    refusal: str | None = None
    tool_calls: tuple[Json, ...] = ()
    finish_reason: str = "stop"


@dataclass(frozen=True)
class Completion:
    """A reply on its way out, in the two shapes that the protocol has."""

    request: ChatRequest
    reply: Reply
    pieces: tuple[str, ...] = ()
    created: int = field(default_factory=lambda: int(time.time()))

    def body(self) -> Json:
        """The whole reply as one object."""
        message: Json = {"role": "assistant", "content": self.reply.text, "refusal": self.reply.refusal}
        if self.reply.refusal is not None:
            message["content"] = None
        if self.reply.tool_calls:
            message |= {"content": None, "tool_calls": list(self.reply.tool_calls)}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self.reply.finish_reason}
        return self._frame("chat.completion") | {"choices": [choice], "usage": self.usage()}

    def chunks(self) -> Iterator[Json]:
        """The reply chunk by chunk: role, deltas, finish reason, and usage where it was asked for."""
        opening: Json = {"role": "assistant", "content": None if self.reply.tool_calls else ""}
        yield self._chunk(opening)
        for index, call in enumerate(self.reply.tool_calls):
            function = call["function"]
            yield self._chunk({"tool_calls": [{**call, "index": index, "function": {**function, "arguments": ""}}]})
            yield self._chunk({"tool_calls": [{"index": index, "function": {"arguments": function["arguments"]}}]})
        key = "refusal" if self.reply.refusal is not None else "content"
        for piece in self.pieces:
            yield self._chunk({key: piece})
        yield self._chunk({}, self.reply.finish_reason)
        if self.request.include_usage:
            yield self._frame("chat.completion.chunk") | {"choices": [], "usage": self.usage()}

    def usage(self) -> Json:
        """Tokens by rule: a quarter of the UTF-8 bytes, rounded up."""
        prompt = count_tokens("".join(message.text for message in self.request.messages))
        arguments = "".join(call["function"]["arguments"] for call in self.reply.tool_calls)
        completion = count_tokens(self.reply.text + (self.reply.refusal or "") + arguments)
        return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}

    def _chunk(self, delta: Json, finish_reason: str | None = None) -> Json:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        usage = {"usage": None} if self.request.include_usage else {}
        return self._frame("chat.completion.chunk") | {"choices": [choice]} | usage

    def _frame(self, object_: str) -> Json:
        return {
            "id": f"chatcmpl-demo-{self.request.digest}",
            "object": object_,
            "created": self.created,
            "model": self.request.model,
            "service_tier": "default",
            "system_fingerprint": "demo",
        }


def count_tokens(text: str) -> int:
    return math.ceil(len(text.encode("utf-8", "surrogatepass")) / 4)


def read_request(body: bytes) -> ChatRequest:
    """The request in a body. Raises `Refused` (400) with the parameter that is wrong."""
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "We could not parse the JSON body of your request.") from None
    if not isinstance(sent, dict):
        raise _wrong(None, "the body must be a JSON object")
    if not isinstance(sent.get("model"), str) or not sent["model"].strip():
        raise _wrong("model", "you must provide a model parameter")
    options = sent.get("stream_options") or {}
    format_, schema_name, schema = _read_format(sent.get("response_format"))
    return ChatRequest(
        model=sent["model"],
        messages=_read_messages(sent.get("messages")),
        stream=sent.get("stream") is True,
        include_usage=isinstance(options, dict) and options.get("include_usage") is True,
        format=format_,
        schema_name=schema_name,
        schema=schema,
        tools=_read_tools(sent.get("tools")),
        tool_choice=sent.get("tool_choice"),
        max_tokens=_read_limit(sent),
    )


def _wrong(param: str | None, said: str) -> Refused:
    where = f"Invalid '{param}': " if param else "Invalid request: "
    return Refused(400, f"{where}{said}.", param=param)


def _read_messages(messages: object) -> tuple[Message, ...]:
    if not isinstance(messages, list) or not messages:
        raise _wrong("messages", "expected a list with at least one message")
    read = tuple(_read_message(f"messages[{i}]", message) for i, message in enumerate(messages))
    _check_answered(read)
    return read


def _check_answered(messages: Sequence[Message]) -> None:
    """As strict as OpenAI: every call of a tool is answered before anything else is said, and nothing else is."""
    open_calls: set[str] = set()
    for index, message in enumerate(messages):
        if message.role == "tool":
            if not open_calls.issuperset(message.calls):
                said = "messages with role 'tool' must be a response to a preceding message with 'tool_calls'"
                raise _wrong(f"messages[{index}].role", said)
            open_calls.difference_update(message.calls)
            continue
        if open_calls:
            said = "an assistant message with 'tool_calls' must be followed by tool messages responding to each of them"
            raise _wrong(f"messages[{index}].role", said)
        if message.role == "assistant":
            open_calls.update(message.calls)


def _read_message(where: str, message: object) -> Message:
    if not isinstance(message, dict) or message.get("role") not in ROLES:
        raise _wrong(where, f"expected an object whose role is one of {', '.join(ROLES)}")
    content, calls = message.get("content"), _read_calls(where, message)
    if content is None or isinstance(content, str):
        return Message(message["role"], content or "", calls)
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        raise _wrong(f"{where}.content", "expected a string or a list of content parts")
    texts = (part.get("text") for part in content)
    return Message(message["role"], "\n".join(text for text in texts if isinstance(text, str)), calls)


def _read_calls(where: str, message: Json) -> tuple[str, ...]:
    if message["role"] == "tool":
        if not isinstance(message.get("tool_call_id"), str):
            raise _wrong(f"{where}.tool_call_id", "expected the id of a tool call")
        return (message["tool_call_id"],)
    calls = message.get("tool_calls") or ()
    if not isinstance(calls, list | tuple) or not all(
        isinstance(c, dict) and isinstance(c.get("id"), str) for c in calls
    ):
        raise _wrong(f"{where}.tool_calls", "expected a list of calls, each with an id")
    return tuple(call["id"] for call in calls)


def _read_format(format_: object) -> tuple[str, str | None, Json | None]:
    if format_ is None:
        return "text", None, None
    if not isinstance(format_, dict) or format_.get("type") not in FORMATS:
        raise _wrong("response_format", f"expected an object whose type is one of {', '.join(FORMATS)}")
    if format_["type"] != "json_schema":
        return format_["type"], None, None
    described = format_.get("json_schema")
    if not isinstance(described, dict) or not isinstance(described.get("name"), str):
        raise _wrong("response_format.json_schema", "expected an object with a name and a schema")
    schema = described.get("schema")
    return "json_schema", described["name"], schema if isinstance(schema, dict) else {}


def _read_tools(tools: object) -> tuple[Json, ...]:
    if tools is None:
        return ()
    if not isinstance(tools, list):
        raise _wrong("tools", "expected a list")
    for i, tool in enumerate(tools):
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise _wrong(f"tools[{i}].function", "expected an object with a name")
    return tuple(tool["function"] for tool in tools)


def _read_limit(sent: Json) -> int | None:
    for param in ("max_completion_tokens", "max_tokens"):
        limit = sent.get(param)
        if limit is None:
            continue
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
            raise _wrong(param, "expected a whole number from 1 on")
        return limit
    return None
