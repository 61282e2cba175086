"""`GET /test-stream`: a scripted team, for who wants to see the frames. No model, no task, nothing is kept."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any, Final

from workflows.dialects.autogen.envelopes import SYSTEM, envelope
from workflows.dialects.autogen.frames import COMPLETED, RESPONSE, STARTED, THINKING, TOOL
from workflows.streaming.frames import Format, Frame

QUESTION: Final = "Test: how did sales develop?"
ANSWER: Final = "Test: nothing was asked and nothing was calculated."
PAUSE_S: Final = 0.1

_SCRIPT: Final[tuple[tuple[str, str, str, dict[str, Any]], ...]] = (
    (STARTED, SYSTEM, "the stream begins", {"question": QUESTION, "progress": 0}),
    (THINKING, "PlanningAgent", "PlanningAgent is thinking", {"progress": 25}),
    (RESPONSE, "PlanningAgent", "1. DataAgent : get the figures", {"progress": 25}),
    (THINKING, "DataAgent", "DataAgent is thinking", {"progress": 50}),
    (
        TOOL,
        "DataAgent",
        "DataAgent calls business_query",
        {"tool_name": "business_query", "parameters": {"query": "SELECT 1"}, "progress": 50},
    ),
    (RESPONSE, "DataAgent", "there are no figures in a test", {"progress": 50}),
    (THINKING, "ReportAgent", "ReportAgent is thinking", {"progress": 75}),
    (RESPONSE, "ReportAgent", "there is nothing to report", {"progress": 75}),
    (
        COMPLETED,
        SYSTEM,
        "the stream ends",
        {
            "final_response": ANSWER,
            "total_messages": 4,
            "response_length": len(ANSWER),
            "stop_reason": "The test is over",
            "progress": 100,
        },
    ),
)


async def rehearse(format: Format) -> AsyncGenerator[bytes, None]:
    """The frames, one after the other. They are no rows, so they have no ids."""
    opening = format.preamble
    for event_type, agent, message, data in _SCRIPT:
        shown = envelope(event_type, datetime.now(UTC), agent, f"Test: {message}", data)
        yield opening + format.encode(Frame(None, shown), None)
        opening = b""
        await asyncio.sleep(PAUSE_S)
