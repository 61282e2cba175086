"""Counting and finding in texts, which models guess at: in a text that is given, or in a file of the task."""

import re
from collections import Counter
from typing import Any, Final

from workflows.engine.tools import Arguments, Tool, ToolContext, ToolFailed

MAX_MATCHES: Final = 50
MOST_COMMON: Final = 20

_WORD: Final = re.compile(r"\w+(?:['’-]\w+)*")
_SENTENCE_END: Final = re.compile(r"[.!?…。！？]+(?=\s|$)")

SOURCE: Final = {
    "text": {"type": "string", "description": "The text itself."},
    "file": {"type": "string", "description": "Or the name of a file of this task that holds it."},
}


async def source_of(arguments: Arguments, context: ToolContext) -> str:
    """The text that a call is about. Raises `ToolFailed`."""
    text, name = arguments.get("text"), arguments.get("file")
    if (text is None) == (name is None):
        raise ToolFailed("Give either a text or the name of a file.")
    return str(text) if name is None else await context.files.read(name)


async def _count(arguments: Arguments, context: ToolContext) -> dict[str, Any]:
    text = await source_of(arguments, context)
    words = _WORD.findall(text)
    common = Counter(word.lower() for word in words).most_common(MOST_COMMON)
    return {
        "characters": len(text),
        "characters_without_spaces": len("".join(text.split())),
        "words": len(words),
        "different_words": len({word.lower() for word in words}),
        "sentences": len(_SENTENCE_END.findall(text)),
        "lines": len(text.splitlines()),
        "paragraphs": len([part for part in re.split(r"\n\s*\n", text) if part.strip()]),
        "most_common_words": [{"word": word[:60], "count": count} for word, count in common],
    }


async def _search(arguments: Arguments, context: ToolContext) -> dict[str, Any]:
    text = await source_of(arguments, context)
    # A pattern of the model's own could take for ever, so that it looks for the words as they are.
    pattern = re.escape(arguments["find"])
    if arguments.get("whole_words"):
        pattern = rf"(?<!\w){pattern}(?!\w)"
    found = re.compile(pattern, 0 if arguments.get("match_case") else re.IGNORECASE)
    starts = [match.start() for match in found.finditer(text)]
    around = arguments.get("context", 60)
    return {
        "count": len(starts),
        "matches": [
            {
                "position": start,
                "line": text.count("\n", 0, start) + 1,
                "around": text[max(start - around, 0) : start + len(arguments["find"]) + around],
            }
            for start in starts[:MAX_MATCHES]
        ],
        **({"note": f"only the first {MAX_MATCHES} are listed"} if len(starts) > MAX_MATCHES else {}),
    }


TEXT_STATISTICS: Final = Tool(
    name="text_statistics",
    description="Counts the characters, words, sentences, lines and most common words of a text or a file.",
    call=_count,
    parameters={"type": "object", "properties": SOURCE, "additionalProperties": False},
    timeout_s=10,
)

TEXT_SEARCH: Final = Tool(
    name="text_search",
    description="Finds every place where some words occur in a text or a file, with what stands around them.",
    call=_search,
    parameters={
        "type": "object",
        "properties": {
            **SOURCE,
            "find": {"type": "string", "minLength": 1, "maxLength": 1_000, "description": "The words, as they are."},
            "match_case": {"type": "boolean"},
            "whole_words": {"type": "boolean"},
            "context": {"type": "integer", "minimum": 0, "maximum": 500, "description": "Characters around each."},
        },
        "required": ["find"],
        "additionalProperties": False,
    },
    timeout_s=10,
)
