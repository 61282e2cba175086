"""Streamed text on its way to the log."""

import asyncio
import logging
from dataclasses import dataclass

from workflows import services
from workflows.database import DatabaseThreads
from workflows.events import Kind
from workflows.exceptions import StaleClaim
from workflows.services import Claim, TextPiece, Write

logger = logging.getLogger(__name__)

ROW_SECONDS = 0.1
"""At most ten rows a second per call, so that one chatty task cannot flood a stream that it shares."""
ROW_CHARACTERS = 8_000
CALL_CHARACTERS = 100_000
"""Text that may wait per call before its model is made to wait."""


@dataclass
class _Pending:
    """The text of one call, of a model or a tool, that is not written yet."""

    claim: Claim
    kind: Kind
    call: str
    stage: str
    node: str | None
    text: str = ""
    due: float = 0.0


class TextWriter:
    """Writes the text of all of a process's tasks: whatever is due when the database is free goes out as one batch.

    No fixed window: the first piece of a call is written at once, and a batch grows while the one before it is written.
    """

    def __init__(self, threads: DatabaseThreads) -> None:
        self._threads = threads
        self._pending: dict[tuple[Claim, str], _Pending] = {}
        self._numbers: dict[Claim, int] = {}
        self._indexes: dict[tuple[Claim, str], int] = {}
        """How many rows a call's text has so far."""
        self._refused: dict[Claim, Exception] = {}
        self._wake = asyncio.Event()
        self._written = asyncio.Condition()
        self._writing: set[Claim] = set()

    async def put(self, claim: Claim, kind: Kind, call: str, text: str, *, stage: str, node: str | None) -> None:
        """Take a piece of text. Waits while too much of the call waits. Raises StaleClaim once the claim is over."""
        self._check(claim)
        pending = self._pending.get((claim, call))
        if pending is None:
            pending = self._pending[claim, call] = _Pending(claim, kind, call, stage, node)
        pending.text += text
        self._wake.set()
        if len(pending.text) > CALL_CHARACTERS:
            await self.flush(claim)

    async def flush(self, claim: Claim) -> None:
        """Return when all text that was put for the claim is written. Raises StaleClaim once the claim is over."""
        async with self._written:
            while claim in self._writing or self._waits(claim):
                for pending in self._of(claim):
                    pending.due = 0.0
                self._wake.set()
                await self._written.wait()
        self._check(claim)

    async def begin_anew(self, claim: Claim, call: str) -> None:
        """The call is made again: what it has written so far is written down, and the rest is a text of its own. Raises
        StaleClaim likewise."""
        await self.flush(claim)
        self._indexes.pop((claim, call), None)

    def forget(self, claim: Claim) -> None:
        """The task is over for this process."""
        for held in (self._pending, self._indexes):
            for key in [key for key in held if key[0] == claim]:
                del held[key]
        self._numbers.pop(claim, None)
        self._refused.pop(claim, None)

    async def run(self) -> None:
        """Write for ever."""
        clock = asyncio.get_running_loop().time
        while True:
            batch = self._take_due(clock())
            if batch:
                await self._write(batch)
            else:
                await self._wait_for_more(clock())

    async def _write(self, batch: list[TextPiece]) -> None:
        self._writing = {piece.write.claim for piece in batch}
        try:
            stale = await self._threads.insist(services.append_texts, batch)
        except Exception as error:  # whatever it is, it must not end the writer, which writes for all tasks
            logger.exception("text of %d tasks could not be written", len(self._writing))
            self._refused |= dict.fromkeys(self._writing, error)
        else:
            over = {claim for claim in self._writing if claim.task_id in stale}
            self._refused |= {claim: StaleClaim(f"task {claim.task_id} is no longer this worker's") for claim in over}
        self._writing = set()
        async with self._written:
            self._written.notify_all()

    async def _wait_for_more(self, now: float) -> None:
        self._wake.clear()
        dues = [pending.due for pending in self._pending.values() if pending.text]
        try:
            async with asyncio.timeout(max(0.0, min(dues) - now) if dues else None):
                await self._wake.wait()
        except TimeoutError:
            pass

    def _take_due(self, now: float) -> list[TextPiece]:
        batch: list[TextPiece] = []
        for key, pending in list(self._pending.items()):
            if not pending.text:
                # Nothing came since its last row: the call is over, or it starts anew when it speaks again.
                if now >= pending.due:
                    del self._pending[key]
            elif now >= pending.due:
                batch += self._rows(pending)
                pending.due = now + ROW_SECONDS
        return batch

    def _rows(self, pending: _Pending) -> list[TextPiece]:
        text, pending.text = pending.text, ""
        head = {"call": pending.call, "stage": pending.stage, "node": pending.node}
        return [
            TextPiece(
                Write(pending.claim, self._next_number(pending.claim)),
                {**head, "index": self._next_index(pending), "text": text[at : at + ROW_CHARACTERS]},
                pending.kind,
            )
            for at in range(0, len(text), ROW_CHARACTERS)
        ]

    def _next_index(self, pending: _Pending) -> int:
        key = pending.claim, pending.call
        index = self._indexes.get(key, 0)
        self._indexes[key] = index + 1
        return index

    def _next_number(self, claim: Claim) -> int:
        self._numbers[claim] = self._numbers.get(claim, 0) + 1
        return self._numbers[claim]

    def _of(self, claim: Claim) -> list[_Pending]:
        return [pending for pending in self._pending.values() if pending.claim == claim]

    def _check(self, claim: Claim) -> None:
        if claim in self._refused:
            raise self._refused[claim]

    def _waits(self, claim: Claim) -> bool:
        return claim not in self._refused and any(pending.text for pending in self._of(claim))
