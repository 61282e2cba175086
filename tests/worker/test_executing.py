"""Executions by a real worker: paused, gone on with, and run again from a node."""

from typing import Any

from django.db import transaction

from sessions.callers import Caller
from tests.engine.graphs import diamond, loop
from tests.factories import kinds_of
from tests.stack import Stack, wait_for
from tests.streaming.sse import read_stream
from workflows import services
from workflows.events import Kind
from workflows.models import Event, Job, Status, Task


def execute(caller: Caller, graph: dict[str, Any], **params: Any) -> Task:
    submission = services.Submission(
        job=Job.EXECUTE,
        goal=graph["goal"],
        params={"llm_config": {"model": params.pop("model", "demo")}, "workflow_graph": graph, **params},
        timeout_seconds=60,
    )
    with transaction.atomic():
        return services.submit(caller, submission)


def ended(task: Task) -> Task:
    wait_for(lambda: Task.objects.get(pk=task.pk).has_ended, "the task has ended")
    return Task.objects.get(pk=task.pk)


def data_of(task: Task, kind: Kind) -> list[dict[str, Any]]:
    return list(Event.objects.filter(task=task, kind=kind).order_by("seq").values_list("data", flat=True))


def test_an_execution_is_paused_gone_on_with_and_run_again(stack: Stack, caller: Caller) -> None:
    task = execute(caller, diamond(), model="demo-slow-1s")
    wait_for(lambda: Kind.NODE_FINISHED in kinds_of(task.pk), "the first node has finished")
    services.pause(task, reason="test")
    wait_for(lambda: Task.objects.get(pk=task.pk).status == Status.PAUSED, "it is paused")
    calls = data_of(task, Kind.MODEL_COMPLETED)
    assert len(calls) == len(data_of(task, Kind.MODEL_STARTED)), "what was in flight has ended"
    services.resume(task)

    done = ended(task)
    assert done.status == Status.COMPLETED
    assert done.result["outputs"]["report"].endswith("(demo)")
    assert len(done.result["results"]) == 6
    finished = [data["node_run"] for data in data_of(task, Kind.NODE_FINISHED)]
    assert len(finished) == len(set(finished)) == 6
    assert len(data_of(task, Kind.MODEL_COMPLETED)) == done.model_calls == 6
    messages = read_stream(f"{stack.url}/api/v1/tasks/{task.pk}/events/stream")
    progress = [message.data["data"]["progress"] for message in messages if "progress" in message.data["data"]]
    assert progress == sorted(progress)

    again = ended(services.rerun(caller, done, redo=["look_2"]))
    told = {data["node"]: data.get("taken_over", False) for data in data_of(again, Kind.NODE_FINISHED)}
    assert {node for node, taken_over in told.items() if not taken_over} == {"look_2", "write"}
    assert len(told) == 6
    assert again.model_calls == 2


def test_a_failed_node_is_the_reason_and_a_rerun_goes_on(stack: Stack, caller: Caller) -> None:
    graph = loop()
    graph["nodes"][2]["execution"] = {"timeout_seconds": 0.01}
    task = ended(execute(caller, graph, depth=2, breadth=1))
    assert task.status == Status.FAILED
    assert task.error["type"] == "node_failed"
    assert task.error["message"] == "Node 'publish' failed: It did not finish within 0.01 s."
    (failed,) = data_of(task, Kind.NODE_FAILED)
    assert failed["error"] == {"type": "timeout", "message": "It did not finish within 0.01 s."}

    task.params["workflow_graph"]["nodes"][2]["execution"] = {}
    task.save(update_fields=["params"])
    again = ended(services.rerun(caller, task))
    assert again.status == Status.COMPLETED
    assert again.result["iterations"] == 2
    assert [n["name"] for n in again.result["workflow_graph"]["nodes"]][3].startswith("check_")
    taken_over = {data["node"] for data in data_of(again, Kind.NODE_FINISHED) if data.get("taken_over")}
    assert taken_over == {"write", "review"}
