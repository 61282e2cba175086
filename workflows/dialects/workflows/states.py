"""How the tasks of a run stand: read off its events."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from workflows.dialects.workflows.frames import result_of, task_id
from workflows.engine import keys
from workflows.engine.graphs import wiring
from workflows.events import Kind
from workflows.models import Event, Status, Task, WorkflowVersion
from workflows.models.stream import timestamp

TOLD: Final = (Kind.NODE_STARTED, Kind.NODE_RETRIED, Kind.NODE_FINISHED, Kind.NODE_FAILED, Kind.NODE_SKIPPED)


@dataclass
class TaskState:
    """One task of a workflow, as it stands in one run; before the first run it has no id."""

    id: str | None
    name: str
    description: str = ""
    depends_on: list[str] = field(default_factory=list)
    status: str = "pending"
    result: Any = None
    error: dict[str, Any] | None = None
    iteration: int = 1
    attempts: int = 0
    started_at: str | None = None
    completed_at: str | None = None


def tasks_of(version: WorkflowVersion, run: Task | None) -> list[dict[str, Any]]:
    """The tasks of a version, as they stand in a run of it."""
    states = {state.name: state for state in _planned(version, run)}
    if run is not None:
        if run.started_at is not None:
            _follow(run, states)
        if run.has_ended:
            _close(run, states)
    return [asdict(state) for state in states.values()]


def graph_of(version: WorkflowVersion, run: Task | None) -> dict[str, Any] | None:
    """The graph that the run has made or grown, or else the version's; None where it is not planned yet."""
    made: dict[str, Any] | None = (run.result or {}).get("workflow_graph") if run else None
    graph: dict[str, Any] | None = made or version.graph
    return graph


def _planned(version: WorkflowVersion, run: Task | None) -> Iterator[TaskState]:
    graph = graph_of(version, run)
    if graph:
        nodes, links = (
            graph["nodes"],
            [pair for pair, waits in wiring.links(graph["nodes"], graph["edges"]).items() if waits],
        )
    else:
        nodes, links = _told_plan(run)
    before: dict[str, list[str]] = {}
    for source, target in links:
        before.setdefault(target, []).append(source)
    for node in nodes:
        name = node["name"]
        id = task_id(run.pk, keys.node_run(1, name, 1)) if run else None
        yield TaskState(id, name, node["description"], before.get(name, []))


def _told_plan(run: Task | None) -> tuple[list[Mapping[str, Any]], list[tuple[str, str]]]:
    """The plan of a run that makes its own, as far as it has told it."""
    plans = Event.objects.filter(task=run, kind=Kind.PLAN_COMPLETED) if run else Event.objects.none()
    told = plans.values_list("data", flat=True).first()
    if told is None:
        return [], []
    return told["nodes"], [(edge["source"], edge["target"]) for edge in told["edges"]]


def _follow(run: Task, states: dict[str, TaskState]) -> None:
    events = Event.objects.filter(task=run, kind__in=TOLD).order_by("seq")
    for kind, data, at in events.values_list("kind", "data", "created_at"):
        _apply(states.setdefault(data["node"], TaskState(None, data["node"])), kind, data, at, run)


def _apply(state: TaskState, kind: str, data: Mapping[str, Any], at: datetime, run: Task) -> None:
    state.id = task_id(run.pk, data["node_run"])
    state.iteration = data["iteration"]
    match kind:
        case Kind.NODE_STARTED:
            state.status, state.attempts, state.started_at = "running", 1, timestamp(at)
            state.completed_at = None
        case Kind.NODE_RETRIED:
            state.attempts = data["attempt"] + 1
        case Kind.NODE_FINISHED:
            state.status, state.result, state.completed_at = "completed", result_of(data["outputs"]), timestamp(at)
        case Kind.NODE_FAILED:
            state.status, state.result, state.error = "failed", None, data["error"]
            state.completed_at = timestamp(at)
        case Kind.NODE_SKIPPED:
            error = {"type": "skipped", "message": f"{data['because']} failed"}
            state.status, state.error = "skipped", error


def _close(run: Task, states: Mapping[str, TaskState]) -> None:
    """No task runs in a run that has ended; and its result has in full what events may have cut."""
    for state in states.values():
        if state.status == "running":
            state.status = "cancelled" if run.status == Status.CANCELLED else "failed"
            state.error = {name: (run.error or {}).get(name) for name in ("type", "message")}
    for name, outputs in ((run.result or {}).get("results") or {}).items():
        if name in states:
            states[name].result = result_of(outputs)
