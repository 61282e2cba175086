"""How streams are described: their parameters, and each of their frames by its name.

OpenAPI 3.1 has one schema for a whole response, and none for the items of a sequence (3.2's `itemSchema`). JSON Schema
says it with `contentSchema`: the string that a stream is holds an array of frames, which are described like any object.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, PolymorphicProxySerializer
from rest_framework import serializers

from workflows.streaming.frames import NDJSON, SSE, JsonLines

RESET = "reset"
UNNAMED = "message"
"""What a frame without a name is called (WHATWG, "dispatch the event"); as NDJSON it has no `event`."""
THREAD_ID = r"^[0-9]+-[0-9]+$"
"""`<run>-<seq>`."""
FORMATS = {format.content_type: format for format in (SSE, NDJSON)}


@dataclass(frozen=True)
class Frames:
    """The frames of a stream, for its description.

    `data` has the serializer of each frame's data, by the frame's name. `example` is a stream as it was sent, as SSE.
    """

    name: str
    """What the schema of a frame is called: `TaskStreamFrame`."""
    data: Mapping[str, type[serializers.Serializer[Any]]]
    example: str
    without_id: Collection[str] = (RESET,)
    rarely_without_id: Collection[str] = ()
    """Frames that are rows, except where a request was refused by one."""
    of_thread: bool = False
    """Whether the ids are those of a thread."""
    are_named: bool = True
    """Whether the names are sent; if not, they only tell the frames apart here."""
    lines: JsonLines = NDJSON
    """How NDJSON is written."""

    @cached_property
    def serializer(self) -> PolymorphicProxySerializer:
        variants: dict[str, Any] = {name: self._variant(name, data) for name, data in self.data.items()}
        if self.are_named:
            return PolymorphicProxySerializer(self.name, variants, resource_type_field_name="event")
        return PolymorphicProxySerializer(self.name, list(variants.values()), resource_type_field_name=None, many=False)

    def _variant(self, name: str, data: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
        fields: dict[str, Any] = {"data": data()}
        if self.are_named:
            fields["event"] = serializers.ChoiceField([name], required=name != UNNAMED)
        if name not in self.without_id:
            # Where frames have no names, a `reset` is one of them, and has no id.
            is_there = name != UNNAMED and name not in self.rarely_without_id
            fields["id"] = (
                serializers.RegexField(THREAD_ID, required=is_there)
                if self.of_thread
                else serializers.IntegerField(min_value=1, required=is_there)
            )
        words = "".join(word.capitalize() for word in name.replace(".", "_").split("_"))
        return type(f"{self.name}{words}", (serializers.Serializer,), {**fields, "__doc__": f"The frame `{name}`."})


def responses(frames: Frames) -> dict[Any, OpenApiResponse]:
    """What a stream answers, for `extend_schema`."""
    key = frames.lines.name_key
    named = "" if key == NDJSON.name_key else f", with its name as `{key}` instead of `event`"
    text = (
        "The events so far, then live, until the one that ends the stream. Of an SSE event, `data` is the JSON of the "
        f"frame's `data`; of NDJSON each line is a frame{named}. A `retry:` comes first; comments and empty lines keep "
        "the connection open."
    )
    examples = {
        SSE.content_type: frames.example,
        NDJSON.content_type: as_json_lines(frames.example, frames.lines.name_key),
    }
    return {
        **{
            (200, content_type): OpenApiResponse(
                frames.serializer,
                text,
                [OpenApiExample("A stream", value=example, media_type=content_type, status_codes=[200])],
            )
            for content_type, example in examples.items()
        },
        204: OpenApiResponse(description="The id is that of the event that ended the stream: nothing follows it."),
    }


def as_json_lines(sse: str, name_key: str = NDJSON.name_key) -> str:
    """A stream in SSE as NDJSON would have it. Its frames have one line of data each, as ours do."""
    lines = [""]
    for block in sse.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith("retry:"))
        if "data" in fields:
            id = f'"id":{_id_as_json(fields["id"])},' if "id" in fields else ""
            name = f'"{name_key}":"{fields["event"]}",' if "event" in fields else ""
            lines.append(f'{{{id}{name}"data":{fields["data"]}}}')
    return "\n".join(lines) + "\n"


def _id_as_json(id: str) -> str:
    return id if id.isdigit() else f'"{id}"'


def as_stream(content_type: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a whole stream, from that of its frames."""
    return {
        "type": "string",
        "contentMediaType": content_type,
        "contentSchema": {"type": "array", "items": schema},
    }


PARAMETERS = [
    OpenApiParameter(
        "Last-Event-ID",
        str,
        OpenApiParameter.HEADER,
        description="Go on after this id. It beats `last_event_id`.",
    ),
    OpenApiParameter(
        "last_event_id",
        str,
        description="The same, for clients that cannot send headers; `latest` for live events only. An id that cannot "
        f"be served is answered with a `{RESET}` frame, then everything on offer.",
    ),
    OpenApiParameter(
        "types",
        str,
        many=True,
        description="Globs over kinds and names of frames, repeated or separated by commas: `task.*,update`. What "
        "ends the stream always passes.",
    ),
]
