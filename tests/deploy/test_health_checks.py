"""What the containers' health checks run, against processes that are there and processes that are not."""

import subprocess
import sys
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from evoserver.probe import main
from tests.stack import ROOT, Stack, free_port
from workflows.models import Worker


def test_a_web_process_that_is_ready_is_found_by_its_own_settings(stack: Stack) -> None:
    port = stack.url.rpartition(":")[2]
    command = [sys.executable, "-m", "evoserver.probe"]
    environment = {**stack.environment, "SERVER_PORT": port, "http_proxy": f"http://127.0.0.1:{free_port()}"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_what_refuses_and_what_is_not_there_fail_and_say_why(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([f"{url}/nothing"]) == 1
    assert capsys.readouterr().err == f"{url}/nothing answers 404\n"
    absent = f"http://127.0.0.1:{free_port()}/health"
    assert main([absent]) == 1
    assert capsys.readouterr().err.startswith(f"{absent} does not answer")


def test_a_worker_is_alive_while_its_lease_is(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack.wait_for_worker()
    call_command("check_worker")
    monkeypatch.setattr("socket.gethostname", lambda: "elsewhere")
    with pytest.raises(CommandError, match="No worker of elsewhere"):
        call_command("check_worker")
    worker = Worker.objects.create(hostname="elsewhere", pid=1, lease_until=timezone.now() - timedelta(seconds=1))
    with pytest.raises(CommandError):
        call_command("check_worker")
    Worker.objects.filter(pk=worker.pk).update(lease_until=timezone.now() + timedelta(minutes=1))
    call_command("check_worker")
    Worker.objects.filter(pk=worker.pk).update(stopped_at=timezone.now())
    with pytest.raises(CommandError):
        call_command("check_worker")
