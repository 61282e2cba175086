"""Dates, texts, JSON, files and programs."""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.tools.conftest import Use
from workflows.engine.agents.files import CallFiles
from workflows.engine.tools import Tool
from workflows.tools import run_command
from workflows.tools.dates import date_time
from workflows.tools.json_query import JSON_QUERY
from workflows.tools.task_files import FILE_LIST, FILE_READ, FILE_WRITE
from workflows.tools.texts import TEXT_SEARCH, TEXT_STATISTICS

CLOCK = date_time(lambda: datetime(2026, 11, 21, 23, 30, tzinfo=UTC))


async def test_it_is_told_what_time_it_is(use: Use) -> None:
    now = json.loads((await use(CLOCK)).text)
    assert (now["date"], now["time"], now["weekday"], now["iso_week"]) == ("2026-11-21", "23:30:00", "Saturday", 47)
    there = json.loads((await use(CLOCK, timezone="Asia/Tokyo")).text)
    assert (there["iso"], there["weekday"]) == ("2026-11-22T08:30:00+09:00", "Sunday")
    then = json.loads((await use(CLOCK, date="2027-01-01", add_days=-1)).text)
    assert (then["date"], then["weekday"], then["days_from_today"]) == ("2026-12-31", "Thursday", 40)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"timezone": "Mars/Olympus"}, "There is no time zone 'Mars/Olympus'."),
        ({"timezone": "../../etc/passwd"}, "There is no time zone"),
        ({"date": "yesterday"}, "'yesterday' is no date."),
        ({"date": "9999-12-31", "add_days": 5}, "after the year 9999"),
        ({"date": "0001-01-05", "add_days": -10}, "before the year 1"),
    ],
)
async def test_what_is_no_time_is_said(use: Use, arguments: dict[str, Any], said: str) -> None:
    ok, text = await use(CLOCK, **arguments)
    assert not ok
    assert said in text


async def test_texts_are_counted_and_searched(use: Use, files: CallFiles) -> None:
    text = "The owl's nest. The mouse!\n\nAn owl sees (a+)+ and owls."
    counted = json.loads((await use(TEXT_STATISTICS, text=text)).text)
    assert (counted["words"], counted["sentences"], counted["paragraphs"], counted["lines"]) == (11, 3, 2, 3)
    assert counted["most_common_words"][0] == {"word": "the", "count": 2}
    found = json.loads((await use(TEXT_SEARCH, text=text, find="OWL", context=4)).text)
    assert found["count"] == 3
    assert found["matches"][1] == {"position": 31, "line": 3, "around": "\nAn owl see"}
    assert json.loads((await use(TEXT_SEARCH, text=text, find="owl", whole_words=True)).text)["count"] == 2
    # What looks like a pattern is only text.
    assert json.loads((await use(TEXT_SEARCH, text=text, find="(a+)+")).text)["count"] == 1
    await files.write("a.txt", text)
    assert json.loads((await use(TEXT_STATISTICS, file="a.txt")).text) == counted
    assert (await use(TEXT_STATISTICS)).text == "Give either a text or the name of a file."
    assert "There are a.txt." in (await use(TEXT_STATISTICS, file="b.txt")).text


DOCUMENT = json.dumps(
    {"orders": [{"id": 1, "items": [{"name": "pen"}, {"name": "ink"}]}, {"id": 2, "items": []}], "a b": 3}
)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("orders[0].id", 1),
        ("$.orders[-1].id", 2),
        ("orders[*].id", {"count": 2, "values": [1, 2]}),
        ("orders[*].items[*].name", {"count": 2, "values": ["pen", "ink"]}),
        ('["a b"]', 3),
        ("", json.loads(DOCUMENT)),
    ],
)
async def test_a_part_of_json_is_taken_by_its_path(use: Use, path: str, value: Any) -> None:
    ok, text = await use(JSON_QUERY, text=DOCUMENT, path=path)
    assert (ok, json.loads(text)) == (True, value)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"text": DOCUMENT, "path": "order[0]"}, "nothing at that path. The document is an object with orders, a b."),
        ({"text": DOCUMENT, "path": "orders[0"}, "cannot be read from '[0' on"),
        ({"text": "{'a': 1}", "path": "a"}, "no valid JSON"),
        ({"text": "[" * 100_000, "path": ""}, "no valid JSON"),
    ],
)
async def test_what_cannot_be_taken_is_said(use: Use, arguments: dict[str, Any], said: str) -> None:
    ok, text = await use(JSON_QUERY, **arguments)
    assert not ok
    assert said in text


async def test_files_are_written_read_in_parts_and_listed(use: Use) -> None:
    assert (await use(FILE_WRITE, name="data/a.txt", text="x" * 20_000)).ok
    assert (
        await use(FILE_WRITE, name="data/a.txt", text="end", append=True)
    ).text == "data/a.txt has 20,003 characters now."
    first = json.loads((await use(FILE_READ, name="data/a.txt")).text)
    assert (len(first["text"]), first["next_start"]) == (15_000, 15_000)
    rest = json.loads((await use(FILE_READ, name="data/a.txt", start=15_000)).text)
    assert rest["text"] == "x" * 5_000 + "end"
    assert json.loads((await use(FILE_LIST)).text) == {"files": [{"name": "data/a.txt", "characters": 20_003}]}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("../secrets", "x", "is no name for a file"),
        ("/etc/passwd", "x", "is no name for a file"),
        ("a" * 70, "x", "is no name for a file"),
        ("a.txt", "x" * 1_000_001, "has 1,000,001 characters, and a file holds 1,000,000"),
    ],
)
async def test_what_no_file_can_be_is_said(use: Use, name: str, text: str, said: str) -> None:
    ok, answer = await use(FILE_WRITE, name=name, text=text)
    assert not ok
    assert said in answer


async def test_a_task_keeps_so_much_and_no_more(use: Use) -> None:
    for number in range(5):
        assert (await use(FILE_WRITE, name=f"{number}.txt", text="x" * 1_000_000)).ok
    ok, answer = await use(FILE_WRITE, name="6.txt", text="x")
    assert not ok
    assert "There is no room" in answer


def program(*code: str, timeout_s: float = 10.0) -> Tool:
    async def call(arguments: Any, context: Any) -> Any:
        async for piece in run_command([sys.executable, "-c", "\n".join(code)]):
            yield piece

    return Tool(name="program", description="Runs a program.", call=call, timeout_s=timeout_s)


async def test_a_programs_output_is_the_result_and_the_servers_environment_is_not_its_own(
    use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "hunter2")
    ok, text = await use(
        program("import os, sys", "print('out', os.environ.get('SECRET_KEY'))", "sys.stderr.write('err')")
    )
    assert ok
    assert sorted(text.split()) == ["None", "err", "out"]
    assert (await use(program("raise SystemExit(3)"))).text.endswith("ended with status 3.")


async def test_a_program_that_does_not_end_is_ended_with_what_it_started(use: Use, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = [
        "import signal, subprocess, sys, time",
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])",
        f"open({str(note)!r}, 'w').write(str(child.pid))",
        "print('started', flush=True)",
        "time.sleep(600)",
    ]
    ok, text = await use(program(*code, timeout_s=1.5))
    assert not ok
    assert "What it had put out until then:\nstarted" in text
    child = int(note.read_text())
    async with asyncio.timeout(5):
        while is_running(child):
            await asyncio.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # Its parent is gone, and nobody may have buried it.
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
