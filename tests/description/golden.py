"""The golden transcripts of the dialects, read back."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.dialects.transcripts import GOLDEN, MILLISECONDS, SEQUENCE, STREAMS, TIME, UUID
from tests.streaming.sse import parse

ID = "00000000-0000-4000-8000-000000000000"
NAMES = re.compile(r"<(?:task \d+|session|unknown|workflow|agent|conversation)>")
VALUES = {"<time>": "2026-01-01T00:00:00.000Z", '"<progress>"': "7", '"<step>"': "2", "<n>": "7", "<ms>": "7"}


class Exchange(NamedTuple):
    """A request of a transcript and its answer, with something that fits in place of what differs between runs."""

    file: str
    method: str
    path: str
    status: int
    content_type: str
    body: str

    @property
    def is_stream(self) -> bool:
        return self.content_type in STREAMS

    def frames(self) -> list[dict[str, Any]]:
        return [
            {**({} if message.id is None else {"id": message.id}), "event": message.event, "data": message.data}
            for message in parse(self.body)
        ]

    def value(self) -> Any:
        return self.body if self.content_type.startswith("text/") else json.loads(self.body)

    def __str__(self) -> str:
        return f"{self.file}: {self.method} {self.path} {self.status}"


def exchanges() -> Iterator[Exchange]:
    for file in sorted(GOLDEN.glob("*.txt")):
        text = NAMES.sub(ID, file.read_text())
        for placeholder, value in VALUES.items():
            text = text.replace(placeholder, value)
        for recorded in re.split(r"^> (?=[A-Z]+ /)", text, flags=re.MULTILINE)[1:]:
            yield _exchange(file.stem, recorded)


def _exchange(file: str, recorded: str) -> Exchange:
    method, path = recorded.splitlines()[0].split(" ", 1)
    answer = recorded[recorded.index("\n< ") + 1 :]
    lines = answer.splitlines(keepends=True)
    head = [line for line in lines if line.startswith("< ")]
    types = [line.removeprefix("< Content-Type: ").strip() for line in head if line.startswith("< Content-Type: ")]
    status = int(head[0].removeprefix("< "))
    return Exchange(file, method, path, status, types[0] if types else "", "".join(lines[len(head) :]))


def anonymous(text: str) -> str:
    """A piece of a stream without what differs between runs, be it recorded or an example."""
    text = NAMES.sub("<id>", UUID.sub("<id>", TIME.sub("<time>", text)))
    return SEQUENCE.sub(r"\g<1><n>", MILLISECONDS.sub(r"\g<1><ms>", f"\n{text.strip()}"))


def recorded_frames() -> set[str]:
    """Each frame that stands in a transcript, as `anonymous` shows it."""
    return {
        anonymous(block)
        for file in GOLDEN.glob("*.txt")
        for block in file.read_text().split("\n\n")
        if block.startswith(("id: ", "event: ", "data: "))
    }
