"""A `workflow_graph` as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html)."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from workflows.engine.graphs import wiring
from workflows.engine.text import cut

MAX_LABEL_CHARS: Final = 80

COLOURS: Final = {
    "running": "fill:#dbeafe,stroke:#1d4ed8,color:#172554",
    "completed": "fill:#dcfce7,stroke:#15803d,color:#052e16",
    "failed": "fill:#fee2e2,stroke:#b91c1c,color:#450a0a",
    "skipped": "fill:#f3f4f6,stroke:#6b7280,color:#111827,stroke-dasharray:4 3",
}
"""How nodes look by their status; every other status looks like none."""

_ENTITIES: Final = {
    **{sign: f"#{ord(sign)};" for sign in '"#&<>`\\{}[]()|;%'},
    **dict.fromkeys("\n\r\t", " "),
}
"""Mermaid reads labels as Markdown and HTML. Nothing in a name may end one, or mean anything in it."""


def mermaid(graph: Mapping[str, Any], statuses: Mapping[str, str] | None = None) -> str:
    """The flowchart of a valid graph: an arrow for each edge, dashed where nobody waits for it; coloured by status."""
    return "\n".join(_lines(graph, statuses or {})) + "\n"


def _lines(graph: Mapping[str, Any], statuses: Mapping[str, str]) -> Iterator[str]:
    yield "flowchart TD"
    # Names are not ids: `end` and `class` are words of Mermaid's own.
    ids = {node["name"]: f"n{number}" for number, node in enumerate(graph["nodes"], 1)}
    for name, id in ids.items():
        yield f'    {id}["{_label(name)}"]'
    for (source, target), waits in wiring.links(graph["nodes"], graph["edges"]).items():
        yield f"    {ids[source]} {'-->' if waits else '-.->'} {ids[target]}"
    for status, colours in COLOURS.items():
        members = [id for name, id in ids.items() if statuses.get(name) == status]
        if members:
            yield f"    classDef {status} {colours}"
            yield f"    class {','.join(members)} {status}"


def _label(name: str) -> str:
    return "".join(_ENTITIES.get(sign, sign) for sign in cut(name, MAX_LABEL_CHARS))
