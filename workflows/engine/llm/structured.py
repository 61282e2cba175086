"""A reply of a given shape: asked for, checked, and asked for again with the problems until it is right."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from workflows.engine.llm.calls import Call, Message, ModelCaller, OnText
from workflows.engine.llm.replies import Rejected, parse
from workflows.engine.llm.stream import OVERLONG, Reply
from workflows.engine.shapes import Shape, strict_schema
from workflows.engine.text import cut
from workflows.events import Kind
from workflows.exceptions import ModelUnusable

T = TypeVar("T")
S = TypeVar("S", bound=Shape)

MAX_TRIES: Final = 3
MAX_ECHO_CHARS: Final = 20_000
"""How much of a bad reply goes back to the model."""

BETTER: Final = "Put the goal in other words, or use another model."
LONGER: Final = "Raise llm_config.max_tokens, or use a model with a longer output."
CUT_OFF: Final = "the reply was cut off at the limit of its tokens; reply shorter"

FEEDBACK: Final = "Your last reply was not valid:\n{problems}\n{again}"
AGAIN: Final = "Reply again with the whole JSON object, all problems mended."


@dataclass(frozen=True)
class Format:
    """The JSON schema that a reply is asked for in. Not every schema can be `strict`; see `shapes.py`."""

    name: str
    schema: Mapping[str, Any]
    strict: bool = True

    def as_json(self) -> dict[str, Any]:
        described = {"name": self.name, "strict": self.strict, "schema": self.schema}
        return {"type": "json_schema", "json_schema": described}


@dataclass(frozen=True)
class Request(Generic[T]):
    """What to ask, and how the reply must be.

    `subject` is what a sentence calls the reply ("plan"), `task` what was to be done. `read` takes a reply's text,
    and raises `Rejected`. `tries_before`: the tries that were used up under this key before, so that these get keys
    of their own. `format`: None for plain text. `before`: the messages between `system` and `user`. `again`: what to
    do about an invalid reply. `shows_replies`: whether events hold what was replied.
    """

    key: str
    stage: str
    node: str | None
    subject: str
    system: str
    user: str
    format: Format | None
    read: Callable[[str], T]
    task: str = "this goal"
    tries_before: int = 0
    listen: Callable[[], OnText] | None = None
    before: Sequence[Message] = ()
    again: str = AGAIN
    shows_replies: bool = False


def shaped(name: str, shape: type[S]) -> Format:
    """The format of a reply of this shape."""
    return Format(name, strict_schema(shape))


def reader(shape: type[S], check: Callable[[S], tuple[S, list[str]]]) -> Callable[[str], S]:
    """Reads a reply of this shape. `check` returns the reply mended, and the problems left."""

    def read(text: str) -> S:
        mended, problems = check(parse(text, shape))
        if problems:
            raise Rejected(problems)
        return mended

    return read


async def ask(caller: ModelCaller, request: Request[T]) -> T:
    """The valid reply.

    Raises `ModelUnusable` when three replies were not valid or the model declined, and `ModelFailed`.
    """
    conversation = Conversation(caller, request)
    while True:
        with suppress(Rejected):
            return await conversation.accept(await conversation.reply())


class Conversation(Generic[T]):
    """The messages about one request: what was asked, what was replied, what was wrong with it."""

    def __init__(self, caller: ModelCaller, request: Request[T]) -> None:
        self._caller = caller
        self._request = request
        self._rejected = 0
        self.calls = request.tries_before
        """The number of the last call."""
        self.messages: list[Message] = [
            {"role": "system", "content": request.system},
            *request.before,
            {"role": "user", "content": request.user},
        ]

    async def reply(self, tools: Sequence[Mapping[str, Any]] = ()) -> Reply:
        """What the model says to the messages so far. Raises `ModelUnusable` if it declines, and `ModelFailed`."""
        self.calls += 1
        reply = await self._caller.reply(self._call(tools))
        _refuse_unusable(reply, self._request.task)
        return reply

    async def accept(self, reply: Reply) -> T:
        """What the reply says. Raises `Rejected` once the problems are told and the model has its reply back, and
        `ModelUnusable` when it has had enough tries."""
        request = self._request
        try:
            return _read(reply, request)
        except Rejected as rejection:
            problems = rejection.problems
            await self._caller.journal.tell(
                f"{request.key}/{self.calls}/rejected",
                Kind.MODEL_REJECTED,
                {
                    "call": f"{request.key}/{self.calls}",
                    "stage": request.stage,
                    "node": request.node,
                    "attempt": self.calls,
                    "problems": problems,
                },
            )
            self._rejected += 1
            if self._rejected == MAX_TRIES:
                raise ModelUnusable(
                    f"The model's {request.subject} stayed invalid after {MAX_TRIES} tries, at last because: "
                    f"{'; '.join(problems[:3])}. {LONGER if CUT_OFF in problems else BETTER}"
                ) from None
            self.messages += _feedback(reply, problems, request.again)
            raise

    def _call(self, tools: Sequence[Mapping[str, Any]]) -> Call:
        request = self._request
        return Call(
            key=f"{request.key}/{self.calls}",
            stage=request.stage,
            node=request.node,
            messages=tuple(self.messages),
            response_format=request.format.as_json() if request.format else None,
            tools=tuple(tools),
            shows_reply=request.shows_replies,
            listen=request.listen,
        )


def _read(reply: Reply, request: Request[T]) -> T:
    if reply.finish == "length":
        raise Rejected([CUT_OFF])
    return request.read(reply.text)


def _refuse_unusable(reply: Reply, task: str) -> None:
    """Raises `ModelUnusable` for replies that feedback would not mend."""
    if reply.refusal or reply.finish == "content_filter":
        said = f": {cut(reply.refusal, 300)}" if reply.refusal else " (content filter)."
        raise ModelUnusable(f"The model declined {task}{said} {BETTER}")
    if reply.finish == OVERLONG:
        raise ModelUnusable("The model did not stop writing. Use another model, or set llm_config.max_tokens.")


def _feedback(reply: Reply, problems: list[str], again: str) -> list[Message]:
    listed = "\n".join(f"- {problem}" for problem in problems)
    return [
        # Some endpoints refuse an empty message.
        {"role": "assistant", "content": cut(reply.text, MAX_ECHO_CHARS) or "(nothing)"},
        {"role": "user", "content": FEEDBACK.format(problems=listed, again=again)},
    ]
