"""A reply of a given shape: asked for, checked, and asked for again with the problems until it is right."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from workflows.engine.calls import Call, Message, ModelCaller
from workflows.engine.replies import Rejected, parse
from workflows.engine.shapes import Shape, strict_schema
from workflows.engine.stream import OVERLONG, Reply
from workflows.engine.text import cut
from workflows.events import Kind
from workflows.exceptions import ModelUnusable

S = TypeVar("S", bound=Shape)

MAX_TRIES: Final = 3
MAX_ECHO_CHARS: Final = 20_000
"""How much of a bad reply goes back to the model."""

BETTER: Final = "Put the goal in other words, or use another model."
LONGER: Final = "Raise llm_config.max_tokens, or use a model with a longer output."
CUT_OFF: Final = "the reply was cut off at the limit of its tokens; reply shorter"

FEEDBACK: Final = (
    "Your last reply was not valid:\n{problems}\nReply again with the whole JSON object, all problems mended."
)


@dataclass(frozen=True)
class Request(Generic[S]):
    """What to ask, and how the reply must be. `check` returns the reply mended, and the problems left."""

    key: str
    stage: str
    node: str | None
    system: str
    user: str
    schema_name: str
    shape: type[S]
    check: Callable[[S], tuple[S, list[str]]]


async def ask(caller: ModelCaller, request: Request[S]) -> S:
    """The valid reply.

    Raises `ModelUnusable` when three replies were not valid or the model declined, and `ModelFailed`.
    """
    messages: list[Message] = [
        {"role": "system", "content": request.system},
        {"role": "user", "content": request.user},
    ]
    problems: list[str] = []
    for attempt in range(1, MAX_TRIES + 1):
        call = _call(request, attempt, messages)
        reply = await caller.reply(call)
        _refuse_unusable(reply)
        try:
            return _checked(reply, request)
        except Rejected as rejection:
            problems = rejection.problems
        await caller.journal.tell(
            f"{call.key}/rejected",
            Kind.MODEL_REJECTED,
            {
                "call": call.key,
                "stage": request.stage,
                "node": request.node,
                "attempt": attempt,
                "problems": problems,
            },
        )
        messages += _feedback(reply, problems)
    subject = "plan" if request.node is None else f"agents for {request.node!r}"
    raise ModelUnusable(
        f"The model's {subject} stayed invalid after {MAX_TRIES} tries, at last because: "
        f"{'; '.join(problems[:3])}. {LONGER if CUT_OFF in problems else BETTER}"
    )


def _call(request: Request[S], attempt: int, messages: list[Message]) -> Call:
    return Call(
        key=f"{request.key}/{attempt}",
        stage=request.stage,
        node=request.node,
        messages=tuple(messages),
        response_format={
            "type": "json_schema",
            "json_schema": {
                "name": request.schema_name,
                "strict": True,
                "schema": strict_schema(request.shape),
            },
        },
    )


def _checked(reply: Reply, request: Request[S]) -> S:
    if reply.finish == "length":
        raise Rejected([CUT_OFF])
    mended, problems = request.check(parse(reply.text, request.shape))
    if problems:
        raise Rejected(problems)
    return mended


def _refuse_unusable(reply: Reply) -> None:
    """Raises `ModelUnusable` for replies that feedback would not mend."""
    if reply.refusal or reply.finish == "content_filter":
        said = f": {cut(reply.refusal, 300)}" if reply.refusal else " (content filter)."
        raise ModelUnusable(f"The model declined this goal{said} {BETTER}")
    if reply.finish == OVERLONG:
        raise ModelUnusable("The model did not stop writing. Use another model, or set llm_config.max_tokens.")


def _feedback(reply: Reply, problems: list[str]) -> list[Message]:
    listed = "\n".join(f"- {problem}" for problem in problems)
    return [
        # Some endpoints refuse an empty message.
        {"role": "assistant", "content": cut(reply.text, MAX_ECHO_CHARS) or "(nothing)"},
        {"role": "user", "content": FEEDBACK.format(problems=listed)},
    ]
