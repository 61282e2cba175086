"""The text of an HTML page, as a person reads it."""

import re
from html.parser import HTMLParser
from typing import Final

_SILENT: Final = frozenset({"script", "style", "noscript", "template", "svg", "head", "iframe", "object"})
_BLOCKS: Final = frozenset(
    {
        *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "fieldset", "figcaption"),
        *("figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav"),
        *("ol", "p", "pre", "section", "table", "tr", "ul"),
    }
)
_CELLS: Final = frozenset({"td", "th"})
_HEADINGS: Final = {f"h{level}": "#" * level for level in range(1, 7)}


def text_of(html: str) -> str:
    """Title, headings, paragraphs, lists and cells; links with where they lead. Takes whatever browsers take."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (re.sub(r"[ \t\r\f\v\xa0]+", " ", line).strip() for line in "".join(reader.parts).split("\n"))
    body = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    title = " ".join("".join(reader.title).split())
    return f"{title}\n\n{body}" if title else body


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.title: list[str] = []
        self._silent = 0
        self._in_title = False
        self._links: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "title":
            self._in_title = True
        elif tag == "body":
            # Pages forget to close what stands before it.
            self._silent = 0
        elif tag in _SILENT:
            self._silent += 1
        elif tag in _BLOCKS:
            self.parts.append("\n" if tag in ("br", "li", "tr") else "\n\n")
            self.parts.append(f"{_HEADINGS[tag]} " if tag in _HEADINGS else "- " if tag == "li" else "")
        elif tag in _CELLS:
            self.parts.append(" | ")
        elif tag == "a":
            target = dict(attributes).get("href") or ""
            self._links.append(target if target.startswith(("http://", "https://", "/")) else "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        elif tag in _SILENT:
            self._silent = max(self._silent - 1, 0)
        elif tag in _BLOCKS and tag not in ("br", "hr", "li", "tr"):
            self.parts.append("\n\n")
        elif tag == "a" and self._links and (target := self._links.pop()) and not self._silent:
            self.parts.append(f" ({target})")

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title.append(data)
        elif not self._silent:
            self.parts.append(re.sub(r"\s+", " ", data))
