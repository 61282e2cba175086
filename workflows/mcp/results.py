"""What a call gave, as a model reads it."""

import json
from collections.abc import Iterator
from typing import Final

from mcp_types import AudioContent, CallToolResult, ImageContent, ResourceLink, TextContent, TextResourceContents

from workflows.engine.text import cut
from workflows.mcp.server import Answer

NAMED_CHARS: Final = 300


def answer_of(result: CallToolResult) -> Answer:
    """Its texts joined, or its structure as JSON where it has no text; what is neither is named."""
    parts = list(_parts(result))
    if not any(isinstance(part, TextContent) for part in result.content) and result.structured_content is not None:
        parts.append(json.dumps(result.structured_content, ensure_ascii=False))
    return Answer(not result.is_error, "\n".join(parts) or "(The tool answered with nothing.)")


def _parts(result: CallToolResult) -> Iterator[str]:
    for part in result.content:
        match part:
            case TextContent():
                yield part.text
            case ImageContent():
                yield f"[image, {_kilobytes(part.data)}, left out]"
            case AudioContent():
                yield f"[audio, {_kilobytes(part.data)}, left out]"
            case ResourceLink():
                yield f"[link to {cut(part.uri, NAMED_CHARS)}]"
            case _ if isinstance(part.resource, TextResourceContents):
                yield part.resource.text
            case _:
                yield f"[file, {_kilobytes(part.resource.blob)}, left out]"


def _kilobytes(base64: str) -> str:
    return f"{max(1, len(base64) * 3 // 4 // 1000):,} KB"
