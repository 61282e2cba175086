"""The topic and the summary of a conversation."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from workflows.engine import keys, prompts
from workflows.engine.llm.calls import ModelCaller
from workflows.engine.llm.structured import Request, ask, reader, shaped
from workflows.engine.shapes import ConversationSummary
from workflows.engine.text import cut

MAX_TOPIC_CHARS: Final = 200
MAX_SUMMARY_CHARS: Final = 5_000


async def summarise(turns: Sequence[Mapping[str, Any]], models: ModelCaller) -> ConversationSummary:
    """`turns`: `{"asked", "answered"}` each, oldest first. Raises `ModelUnusable`, `ModelFailed`, and what the journal
    raises."""
    request = Request(
        key=keys.SUMMARY,
        stage=keys.SUMMARY,
        node=None,
        subject="summary",
        task="this conversation",
        system=prompts.SUMMARY,
        user=prompts.json_section("Conversation", [dict(turn) for turn in turns]),
        format=shaped("conversation_summary", ConversationSummary),
        read=reader(ConversationSummary, _checked),
    )
    return await ask(models, request)


def _checked(said: ConversationSummary) -> tuple[ConversationSummary, list[str]]:
    topic = cut(" ".join(said.topic.split()), MAX_TOPIC_CHARS)
    problems = [] if topic else ["topic is empty"]
    return ConversationSummary(topic=topic, summary=cut(said.summary.strip(), MAX_SUMMARY_CHARS)), problems
