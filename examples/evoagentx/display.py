"""What the walks print: a line of progress for each task, and the outline of a workflow."""

import shutil
import sys
from typing import Any

BAR_WIDTH = 24


class Board:
    """One line for each task: redrawn in place on a terminal, elsewhere printed again when it changes."""

    def __init__(self) -> None:
        self._lines: dict[str, str] = {}
        self._height = 0

    def show(self, task_id: str, progress: int, sentence: str) -> None:
        filled = BAR_WIDTH * progress // 100
        line = f"[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {progress:3d} %  {sentence}"
        if self._lines.get(task_id) == line:
            return
        self._lines[task_id] = line
        if sys.stdout.isatty():
            self._redraw()
        else:
            print(line, flush=True)

    def _redraw(self) -> None:
        width = shutil.get_terminal_size().columns - 1
        up = f"\x1b[{self._height}A" if self._height else ""
        print(up + "\n".join(f"\x1b[2K{line[:width]}" for line in self._lines.values()), flush=True)
        self._height = len(self._lines)


def outline(workflow: dict[str, Any]) -> str:
    """The nodes of a workflow with their inputs and outputs, and the edges between them."""
    lines = [workflow["goal"]]
    for node in workflow["nodes"]:
        lines.append(f"  {node['name']}({_names(node['inputs'])}) -> {_names(node['outputs'])}")
        lines.append(f"      {node['description']}")
    lines += [f"  {edge['source']} --> {edge['target']}" for edge in workflow["edges"]]
    return "\n".join(lines)


def _names(parameters: list[dict[str, Any]]) -> str:
    return ", ".join(parameter["name"] for parameter in parameters)
