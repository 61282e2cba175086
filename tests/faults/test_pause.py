"""An execution is paused, everything but the engines is restarted, and it goes on as if nothing had been."""

import signal
from typing import Any

import requests

from tests.faults.following import Following, insist
from tests.history.journeys import diamond
from tests.history.rows import Rows
from tests.history.world import World
from tests.stack import wait_for

GOAL = "Report on the harvest"
NODES = {"collect", "look_left", "look_right", "write"}


def execution(model: str) -> dict[str, Any]:
    return {"workflow_graph": diamond(GOAL), "llm_config": {"model": model}}


def calls_of(world: World) -> dict[str, int]:
    counted: dict[str, int] = requests.get(f"{world.model_url}/calls", params={"goal": GOAL}).json()
    return counted


def test_a_paused_execution_survives_a_restart_of_everything(world: World, rows: Rows, following: Following) -> None:
    started, _ = insist("POST", world.urls, "/stream/workflow/execute", json=execution("demo-slow-1s"))
    task = f"/api/v1/tasks/{started.json()['task_id']}"
    stream = following.task(started.json()["task_id"])
    wait_for(lambda: stream.names.count("node.started") == 3, "both nodes in the middle are under way")
    insist("POST", world.urls, f"{task}/pause")
    wait_for(lambda: "task.paused" in stream.names, "it is paused")
    made = calls_of(world)

    for member in world.members:
        member.restart(signal.SIGTERM)
    world.wait_until_ready()
    shown = insist("GET", world.urls, task)[0].json()
    assert shown["status"] == "paused"
    assert calls_of(world) == made, "nothing goes on by itself"

    insist("POST", world.urls, f"{task}/resume")
    whole = stream.whole()
    assert whole.names.count("task.paused") == whole.names.count("task.resumed") == 1
    done = insist("GET", world.urls, task)[0].json()
    assert done["status"] == "completed"
    counted = calls_of(world)
    assert counted["started"] == counted["finished"] == counted["distinct"] == len(NODES)
    finished = [data["data"]["node"] for name, data in zip(whole.names, whole.datas, strict=True) if "finished" in name]
    assert sorted(finished) == sorted(NODES)

    at_once, _ = insist("POST", world.urls, "/workflow/execute", json=execution("demo"))
    assert at_once.json()["results"] == done["result"]["results"]
