"""The dashboard's modules that need no page, in the browser that runs them."""

from collections import defaultdict
from itertools import pairwise
from typing import Any

import pytest
from selenium.webdriver import Chrome

WIDTH, HEIGHT = 192, 50

RUN = """
const done = arguments[arguments.length - 1];
import(arguments[0]).then((module) => done(%s), (error) => done(String(error)));
"""


@pytest.fixture
def browser(browser: Chrome, pages: str) -> Chrome:
    browser.get(f"{pages}/login/")
    return browser


def run(browser: Chrome, module: str, expression: str, *arguments: Any) -> Any:
    """The value of a JavaScript expression over `module` and `arguments[1]` on."""
    return browser.execute_async_script(RUN % expression, f"/static/dashboard/{module}", *arguments)


@pytest.mark.parametrize(
    ("names", "edges"),
    [
        ("a", ""),
        ("abc", "ab bc"),
        ("abcd", "ab ac bd cd"),
        ("abcd", "ab bc cd ad"),
        ("abcdef", "ad ae af bd be bf cd ce cf"),
        ("abc", "ab bc ca"),
        ("ab", "aa ab ax"),
        ("abcdefgh", ""),
    ],
)
def test_no_node_covers_another_and_arrows_lead_down(browser: Chrome, names: str, edges: str) -> None:
    pairs = [{"source": edge[0], "target": edge[1]} for edge in edges.split()]
    expression = "(({nodes, ...rest}) => ({nodes: [...nodes], ...rest}))(module.layOut(arguments[1], arguments[2]))"
    layout = run(browser, "layout.js", expression, list(names), pairs)
    points = dict(layout["nodes"])
    rows = defaultdict(list)
    for point in points.values():
        assert WIDTH / 2 <= point["x"] <= layout["width"] - WIDTH / 2
        assert HEIGHT / 2 <= point["y"] <= layout["height"] - HEIGHT / 2
        rows[point["y"]].append(point["x"])
    for row in map(sorted, rows.values()):
        assert all(right - left > WIDTH for left, right in pairwise(row))
    assert len(layout["edges"]) == sum(edge[1] in names for edge in edges.split())
    for edge in layout["edges"]:
        heights = [point["y"] for point in edge["points"]]
        assert edge["isBack"] or all(after > before for before, after in pairwise(heights))


FOLD = """(() => {
  const state = new module.TaskState();
  for (const event of arguments[1]) state.apply(event);
  return {
    status: state.status, seq: state.lastSeq, lines: state.log.length,
    texts: [...state.calls].map(([id, call]) => [id, call.text, call.state]),
    stages: Object.values(state.stages).map((stage) => stage.state),
  };
})()"""


def event(seq: int, kind: str, **data: Any) -> dict[str, Any]:
    return {"seq": seq, "kind": kind, "timestamp": "2026-01-01T00:00:00.000Z", "data": data}


def test_a_retried_call_starts_its_text_over_and_an_event_counts_once(browser: Chrome) -> None:
    call = {"call": "plan/1", "stage": "plan", "node": None}
    told = [
        event(1, "task.submitted", job="workflow_generation", goal="g"),
        event(2, "task.started", attempt=1, progress=0),
        event(3, "model.started", model="m", provider="p", **call),
        event(4, "model.text", text="lost", **call),
        event(5, "model.retried", attempt=1, reason="cut", delay_s=1, **call),
        event(6, "model.text", text="kept", **call),
        event(6, "model.text", text="kept", **call),
        event(5, "model.retried", attempt=1, reason="cut", delay_s=1, **call),
        event(9, "task.requeued", reason="its worker was lost", progress=5),
        event(10, "model.text", text="again", **call),
        event(11, "task.failed", error={"type": "timeout", "message": "Too late.", "status": 504}),
    ]
    assert run(browser, "task-state.js", FOLD, told) == {
        "status": "failed",
        "seq": 11,
        "lines": 6,
        "texts": [["plan/1", "again", "failed"]],
        "stages": ["failed", "waiting", "waiting", "waiting"],
    }
