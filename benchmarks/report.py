"""Figures of several rounds, as a table and as JSON."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.figures import Figure, Figures


def as_json(rounds: Sequence[Figures]) -> list[dict[str, Any]]:
    """Each figure with its median and with what every round gave."""
    return [
        {
            "figure": figure.label,
            "unit": figure.unit,
            "median": median(values),
            "rounds": values,
            "target": figure.target or None,
            "met": figure.is_met(median(values)),
        }
        for figure, values in _by_figure(rounds).items()
    ]


def as_table(name: str, rounds: Sequence[Figures]) -> str:
    """A line a figure: median, smallest and largest round, target."""
    lines = [f"{name}"]
    for figure, values in _by_figure(rounds).items():
        middle = median(values)
        spread = f"{_short(min(values))} – {_short(max(values))}" if len(values) > 1 else ""
        verdict = {None: "", True: "met", False: "MISSED"}[figure.is_met(middle)]
        value = f"{_short(middle)} {figure.unit}".rstrip()
        lines.append(f"  {figure.label:<62}{value:>20}  {spread:<22}{figure.target:<6} {verdict}".rstrip())
    return "\n".join(lines)


def _by_figure(rounds: Sequence[Figures]) -> Mapping[Figure, list[float]]:
    return {figure: [figures[figure] for figures in rounds] for figure in rounds[0]}


def _short(value: float) -> str:
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
