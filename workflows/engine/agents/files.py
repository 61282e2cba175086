"""The files of a task: what its tool calls wrote, kept in the ledger with the calls."""

import re
from typing import Final

from workflows.engine import keys
from workflows.engine.journal import Journal
from workflows.engine.text import cut, listed, scrub
from workflows.engine.tools import ToolFailed

MAX_FILE_CHARS: Final = 1_000_000
MAX_FILES: Final = 100
MAX_CHARS: Final = 5_000_000
"""Of all files of a task together: they are held in memory."""

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,60}(?:/[A-Za-z0-9_][A-Za-z0-9_.-]{0,60}){0,4}")


class TaskFiles:
    """What the settled calls of a task wrote. Of two under one name the one that was settled last counts."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._known: dict[str, str] | None = None

    async def texts(self) -> dict[str, str]:
        """Texts by name."""
        if self._known is None:
            steps = await self._journal.settled(keys.TOOL)
            self._known = {name: text for step in steps for name, text in step.output.get("files", {}).items()}
        return self._known

    async def keep(self, written: dict[str, str]) -> None:
        """A call that wrote these was settled."""
        (await self.texts()).update(written)


class CallFiles:
    """The files of a task as one call sees them: with what it has written itself."""

    def __init__(self, files: TaskFiles) -> None:
        self._files = files
        self.written: dict[str, str] = {}

    async def read(self, name: str) -> str:
        texts = await self._texts()
        if name not in texts:
            there = f"There are {listed(sorted(texts))}." if texts else "There is none yet."
            raise ToolFailed(f"There is no file {cut(name, 80)!r}. {there}")
        return texts[name]

    async def write(self, name: str, text: str) -> None:
        if not _NAME.fullmatch(name):
            raise ToolFailed(
                f"{cut(name, 80)!r} is no name for a file. Use letters, digits, _, - and ., and / between folders, "
                "such as notes.txt or data/prices.json."
            )
        if len(text) > MAX_FILE_CHARS:
            raise ToolFailed(f"The text has {len(text):,} characters, and a file holds {MAX_FILE_CHARS:,}. Split it.")
        texts = {**await self._texts(), name: scrub(text)}
        if len(texts) > MAX_FILES or sum(map(len, texts.values())) > MAX_CHARS:
            raise ToolFailed(
                f"There is no room: a task keeps {MAX_FILES} files, of {MAX_CHARS:,} characters together. "
                "Write a shorter text, or over a file that is no longer needed."
            )
        self.written[name] = texts[name]

    async def sizes(self) -> dict[str, int]:
        return {name: len(text) for name, text in sorted((await self._texts()).items())}

    async def _texts(self) -> dict[str, str]:
        return {**await self._files.texts(), **self.written}
