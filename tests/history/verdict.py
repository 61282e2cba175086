"""What a judgement of one invariant is."""

from dataclasses import dataclass, field

EXAMPLES = 5


@dataclass
class Verdict:
    """One invariant: how often it was looked at, how often it was broken, and where for example."""

    invariant: str
    checked: int = 0
    broken: int = 0
    examples: list[str] = field(default_factory=list)

    def check(self, holds: bool, example: str) -> None:
        """Look once; `example` says what was found, for the case that it does not hold."""
        self.checked += 1
        if not holds:
            self.broken += 1
            if len(self.examples) < EXAMPLES:
                self.examples.append(example)
