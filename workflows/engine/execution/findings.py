"""Findings: short lines out of an agent's text, told while it is still being written."""

import json
import re
import time
from collections.abc import Callable
from typing import Final

from workflows.engine.text import cut

INTERVAL_S: Final = 1.0
"""One finding a second at most, for each run of a node. What comes in between is left out: the text has it all."""

WINDOW_CHARS: Final = 2_000
MAX_CHARS: Final = 300

MIN_CHARS: Final = 15

# A sentence ends where something new begins (not in `e.g. this`): after a space, an escaped line break, or a quote.
_END: Final = re.compile(r"""[.!?](?=["\\]|\s+[^\sa-z])""")
_BREAK: Final = re.compile(rf"""{_END.pattern}|["{{}}\[\]\n#`<>]|\\n""")


class Findings:
    """Listens to one attempt's text."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next_at = clock()
        self._window = ""

    def heard(self, text: str) -> str | None:
        """The newest finished sentence after this piece of text, if it is time for one."""
        self._window = (self._window + text)[-WINDOW_CHARS:]
        if self._clock() < self._next_at:
            return None
        ends = list(_END.finditer(self._window))
        sentence = _last_sentence(self._window[: ends[-1].end()]) if ends else ""
        if len(sentence) < MIN_CHARS:
            return None
        self._window = self._window[ends[-1].end() :]
        self._next_at = self._clock() + INTERVAL_S
        return cut(sentence, MAX_CHARS)


def _last_sentence(text: str) -> str:
    """The sentence that this text ends with."""
    breaks = list(_BREAK.finditer(text))
    return _plain(text[breaks[-1].end() :] if breaks else text)


def _plain(sentence: str) -> str:
    """Without the escapes of a JSON string, if it stood in one."""
    text = sentence
    if "\\" in sentence:
        try:
            text = str(json.loads(f'"{sentence}"'))
        except ValueError:
            text = sentence.replace("\\", "")
    return " ".join(text.split()).lstrip("-*•0123456789.) ").strip()
