"""What time it is, anywhere, and what day a date is."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from workflows.engine.tools import Arguments, Tool, ToolContext, ToolFailed

Clock = Callable[[], datetime]

_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def date_time(clock: Clock = lambda: datetime.now(UTC)) -> Tool:
    """The tool. `clock`: what time it is, with a time zone."""

    async def tell(arguments: Arguments, context: ToolContext) -> dict[str, Any]:
        zone = _zone(arguments.get("timezone", "UTC"))
        now = clock().astimezone(zone)
        given = arguments.get("date")
        try:
            at = (now if given is None else _moment(given, zone)) + _shift(arguments)
            unix = int(at.timestamp())
        except (OverflowError, ValueError):
            raise ToolFailed("That is before the year 1 or after the year 9999.") from None
        return {
            "date": at.date().isoformat(),
            "time": at.strftime("%H:%M:%S"),
            "iso": at.isoformat(timespec="seconds"),
            "timezone": zone.key,
            "weekday": _WEEKDAYS[at.weekday()],
            "iso_week": at.isocalendar().week,
            "day_of_year": at.timetuple().tm_yday,
            "unix": unix,
            "days_from_today": (at.date() - now.date()).days,
        }

    return Tool(
        name="date_time",
        description="Tells the current date and time in a time zone; or, of a date that is given or reached by adding "
        "days, its weekday, its week and how many days it is from today.",
        call=tell,
        parameters={
            "type": "object",
            "properties": {
                "timezone": {"type": "string", "description": "Such as Europe/Berlin; UTC if left out."},
                "date": {
                    "type": "string",
                    "description": "ISO 8601, such as 2026-11-21 or 2026-11-21T09:30; else now.",
                },
                "add_days": {"type": "integer", "minimum": -1_000_000, "maximum": 1_000_000},
                "add_hours": {"type": "integer", "minimum": -1_000_000, "maximum": 1_000_000},
            },
            "additionalProperties": False,
        },
        timeout_s=5,
        output_limit=1_000,
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ToolFailed(f"There is no time zone {name[:60]!r}. Use a name such as Europe/Berlin or UTC.") from None


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=zone) if at.tzinfo is None else at.astimezone(zone)
    except (ValueError, OverflowError):
        raise ToolFailed(f"{text[:60]!r} is no date. Write it like 2026-11-21 or 2026-11-21T09:30.") from None


def _shift(arguments: Arguments) -> timedelta:
    return timedelta(days=arguments.get("add_days", 0), hours=arguments.get("add_hours", 0))
