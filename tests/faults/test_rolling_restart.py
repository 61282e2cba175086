"""All processes are replaced, one after the other, while clients ask and read."""

import itertools
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

from tests.faults.following import Following, generation, insist
from tests.history.rows import Rows
from tests.history.world import World

CLIENTS = 6
MODELS = ("demo", "demo-slow-0.5s", "demo-429")


def test_a_rolling_restart_loses_no_event_and_fails_no_request(world: World, rows: Rows, following: Following) -> None:
    session = insist("POST", world.urls, "/connect")[0].json()
    stream = following.stream(session["stream_url"])
    done = threading.Event()
    models = itertools.cycle(MODELS)

    def ask(number: int) -> list[str]:
        """Generations, one after the other; what was met on the way to their answers."""
        met: list[str] = []
        for count in itertools.count():
            if done.is_set():
                return met
            path = ["/workflow/generate", f"/client/{session['client_id']}/workflow/generate"][count % 2]
            response, on_the_way = insist(
                *("POST", world.urls, path),
                json=generation(next(models), f"Plan a garden ({number}/{count})"),
                headers={"Idempotency-Key": f"rolling {number}/{count}"},
            )
            assert response.status_code == 200, response.text
            met += on_the_way
        raise AssertionError("unreachable")

    with ThreadPoolExecutor(CLIENTS) as threads:
        clients = [threads.submit(ask, number) for number in range(CLIENTS)]
        try:
            for member in world.members:
                member.restart(signal.SIGTERM)
                world.wait_until_ready()
        finally:
            done.set()
        met = [met for client in clients for met in client.result(60)]
    # A connection that waits in the queue of a socket that closes is reset by the kernel: nobody had taken it.
    refused = {"refused", "503"} | {how for how in met if "Connection reset by peer" in how}
    assert set(met) <= refused, "a request was neither answered nor refused"
    insist("DELETE", world.urls, f"/client/{session['client_id']}")
    stream.ended.result(60)
    shown = [row.session_seq for row in rows.shown_in_session(session["client_id"])]
    assert stream.ids == shown
    assert {task.status for task in rows.tasks() if "Plan a garden (" in task.goal} <= {"completed", "cancelled"}
