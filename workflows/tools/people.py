"""A tool that asks the people who watch the task."""

from typing import Final

from workflows.engine.questions import MAX_TEXT_CHARS
from workflows.engine.tools import Arguments, Tool, ToolContext


async def _ask(arguments: Arguments, context: ToolContext) -> str:
    said = await context.ask(arguments["text"], arguments.get("choices", ()))
    return "Nobody answered in time. Go on without an answer, and say so." if said is None else said


ASK_PERSON: Final = Tool(
    name="ask_person",
    description="Asks a person what only a person can know or decide, and waits for the answer, which may take hours.",
    call=_ask,
    parameters={
        "type": "object",
        "properties": {
            "text": {
                "type": "string",
                "minLength": 1,
                "maxLength": MAX_TEXT_CHARS,
                "description": "One clear question",
            },
            "choices": {
                "type": "array",
                "items": {"type": "string", "minLength": 1, "maxLength": 200},
                "minItems": 2,
                "maxItems": 20,
                "uniqueItems": True,
                "description": "What may be answered; left out where any text is an answer",
            },
        },
        "required": ["text"],
        "additionalProperties": False,
    },
)
