"""Settings as `settings.py` declares them: read from the environment, and described for who sets them.

What is declared is the one source of the tables in docs/operations.md (`manage.py describe_settings`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Setting:
    """One name of the environment: its default and its meaning, as they are printed, in Markdown."""

    heading: str
    name: str
    default: str
    about: str


class Declarations:
    """Reads settings by name and remembers what was asked for. `env` is an `environ.Env`.

    Each reader raises ImproperlyConfigured for a value that is not of its type. `shown` is printed instead of a default
    that depends on something.
    """

    def __init__(self, env: Any) -> None:
        self.all: list[Setting] = []
        self._env = env
        self._heading = ""

    def heading(self, heading: str) -> None:
        """What is declared from here on belongs under this heading."""
        self._heading = heading

    def mention(self, name: str, shown: str, about: str) -> None:
        """Declare a setting that somebody else reads."""
        self.all.append(Setting(self._heading, name, shown, about))

    def text(self, name: str, default: str, about: str, *, shown: str | None = None) -> str:
        self.mention(name, shown or (f"`{default}`" if default else "none"), about)
        return str(self._env.str(name, default=default))

    def flag(self, name: str, default: bool, about: str, *, shown: str | None = None) -> bool:
        self.mention(name, shown or ("on" if default else "off"), about)
        return bool(self._env.bool(name, default=default))

    def integer(self, name: str, default: int, about: str, *, shown: str | None = None) -> int:
        self.mention(name, shown or f"`{default}`", about)
        return int(self._env.int(name, default=default))

    def number(self, name: str, default: float, about: str) -> float:
        self.mention(name, f"`{default:g}`", about)
        return float(self._env.float(name, default=default))

    def names(self, name: str, default: Sequence[str], about: str, *, shown: str | None = None) -> list[str]:
        """A list, separated by commas."""
        self.mention(name, shown or (f"`{','.join(default)}`" if default else "none"), about)
        return [text.strip() for text in self._env.list(name, default=list(default)) if text.strip()]


def tables(settings: Sequence[Setting]) -> str:
    """The settings as Markdown, a heading and a table for each group, in the order in which they were declared."""
    lines: list[str] = []
    heading = None
    for setting in settings:
        if setting.heading != heading:
            heading = setting.heading
            lines += ["", f"### {heading}", "", "| setting | default | what it is |", "|---|---|---|"]
        lines.append(f"| `{setting.name}` | {setting.default} | {setting.about} |")
    return "\n".join(lines[1:])
