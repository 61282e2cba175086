import signal
import socket
import subprocess
import sys
import time
from contextlib import closing

import httpx

from tests.demo_model.asking import goal_message


def test_it_runs_by_itself_without_django_and_stops_quietly() -> None:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    code = (
        "import sys; from evoserver.demo_model.server import main;"
        "assert not any(name.split('.')[0] == 'django' for name in sys.modules); main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, "--port", str(port), "--pace", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_healthy(url)
        body = {"model": "demo-slow-30s", "messages": [goal_message("Collect owls")], "stream": True}
        with httpx.stream("POST", f"{url}/v1/chat/completions", json=body) as response:
            assert next(response.iter_raw())
            process.send_signal(signal.SIGTERM)
            output = process.communicate(timeout=60)[0].decode()
    finally:
        process.kill()
        process.wait()
    assert process.returncode in (0, -signal.SIGTERM)
    assert "Traceback" not in output


def _wait_until_healthy(url: str) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            assert httpx.get(f"{url}/health").status_code == 200
            return
        except httpx.ConnectError:
            assert time.monotonic() < deadline, "the demo model did not start"
