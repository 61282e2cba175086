"""Web processes that go away with many streams open, and clients that send again."""

import signal
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
import requests

from tests.faults.following import generation, insist
from tests.history.rows import Rows
from tests.history.world import World
from tests.stack import wait_for
from tests.streaming.sse import Connection

STREAMS = 500


def ids_of(reader: Connection) -> list[int]:
    reader.read_to_end()
    return reader.ids()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_500_streams_of_a_process_that_goes_resume_at_the_other(world: World, rows: Rows, how: signal.Signals) -> None:
    doomed, other = world.urls
    client = requests.post(f"{doomed}/connect").json()
    path, ask = client["stream_url"], f"/client/{client['client_id']}/workflow/generate"
    requests.post(doomed + ask, json=generation())
    wait_for(lambda: not rows.unfinished(), "the first task has ended")
    with ExitStack() as streams:
        readers = [streams.enter_context(Connection(doomed + path)) for _ in range(STREAMS)]
        for reader in readers:
            reader.read_until(b"event: task_completed\n")
        world.webs[0].process.stop(how)
        for reader in readers:
            reader.read_to_end()
        again = [streams.enter_context(Connection(other + path, reader.ids()[-1])) for reader in readers]
        requests.post(other + ask, json=generation())
        wait_for(lambda: not rows.unfinished(), "the second task has ended")
        requests.delete(f"{other}/client/{client['client_id']}")
        ids = {tuple(reader.ids() + ids_of(resumed)) for reader, resumed in zip(readers, again, strict=True)}
    with Connection(other + path) as whole:
        whole.read_to_end()
        assert ids == {tuple(whole.ids())}


@pytest.mark.parametrize("path", ["/workflow/generate", "/stream/workflow/generate", "/client/{}/workflow/generate"])
def test_a_client_that_sends_each_post_three_times_makes_one_task(world: World, rows: Rows, path: str) -> None:
    path = path.format(requests.post(f"{world.urls[0]}/connect").json()["client_id"])
    keys = [uuid.uuid4().hex for _ in range(5)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(
            threads.map(
                lambda key: insist("POST", world.urls, path, json=generation(), headers={"Idempotency-Key": key})[0],
                keys * 3,
            )
        )
    for number, key in enumerate(keys):
        assert len({answer.headers["X-Task-Id"] for answer in answers[number :: len(keys)]}) == 1
        assert rows.stored()[key] == 1
