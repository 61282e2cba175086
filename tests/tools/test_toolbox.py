"""What is on offer: by setting, by entry point, and what is wrong with it."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evoserver.checks import check_settings
from examples.tools.house_tools import TOOLS
from tests.tools.conftest import Use
from workflows.toolbox import BadTools, added, offered

BUILT_IN = {
    *("calculator", "date_time", "text_statistics", "text_search", "json_query"),
    *("file_write", "file_read", "file_list", "ask_person"),
}


@pytest.fixture(autouse=True)
def anew(settings: Any) -> Iterator[None]:
    settings.FETCH_ALLOWED_HOSTS, settings.TOOL_DATABASE_URL, settings.TOOLS = [], "", []
    offered.cache_clear()
    yield
    offered.cache_clear()


def names() -> set[str]:
    return {tool.name for tool in offered()}


def test_what_needs_a_setting_is_on_offer_only_with_it(settings: Any) -> None:
    assert names() == BUILT_IN
    offered.cache_clear()
    settings.FETCH_ALLOWED_HOSTS, settings.TOOL_DATABASE_URL = ["example.org"], "postgresql://reader@db/figures"
    settings.TOOLS_LEFT_OUT = ["calculator"]
    assert names() == BUILT_IN - {"calculator"} | {"fetch", "sql_query"}
    assert not any(tool.side_effects for tool in offered())


def test_tools_are_added_by_their_dotted_path(settings: Any) -> None:
    settings.TOOLS = ["examples.tools.house_tools.TOOLS"]
    assert names() == BUILT_IN | {"look_up_price", "disk_space", "leave_note"}
    assert [tool.name for tool in offered() if tool.side_effects] == ["leave_note"]


def test_tools_are_added_by_the_entry_point_of_an_installed_package(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `pip install ./examples/tools` leaves it behind."""
    (tmp_path / "house_tools.py").write_text((root / "examples/tools/house_tools.py").read_text())
    about = tmp_path / "house_tools-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: house-tools\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[evoserver.tools]\nhouse = house_tools:TOOLS\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        assert {tool.name for tool in added()} == {"look_up_price", "disk_space", "leave_note"}
    finally:
        sys.modules.pop("house_tools", None)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("nowhere.TOOLS", "'nowhere.TOOLS' in TOOLS cannot be imported"),
        ("examples.tools.house_tools.NONE", "cannot be imported"),
        ("examples.tools.house_tools.PRICES", "is neither a Tool nor a list of them"),
        ("examples.tools.house_tools.disk_space", "is neither a Tool nor a list of them"),
        ("workflows.tools.calculator.CALCULATOR", "two tools are named calculator"),
    ],
)
def test_what_cannot_be_offered_is_found_at_start(settings: Any, path: str, said: str) -> None:
    settings.TOOLS = [path]
    with pytest.raises(BadTools, match=said):
        offered()
    (error,) = check_settings(None)
    assert error.id == "evoserver.E007"
    assert said in error.msg


@pytest.mark.parametrize(
    ("name", "value", "id_"),
    [
        ("FETCH_ALLOWED_NETWORKS", ["the cellar"], "evoserver.E006"),
        ("TOOL_DATABASE_URL", "postgresql://[nonsense", "evoserver.E008"),
    ],
)
def test_settings_that_cannot_work_are_found_at_start(settings: Any, name: str, value: Any, id_: str) -> None:
    setattr(settings, name, value)
    assert [error.id for error in check_settings(None)] == [id_]


def test_the_servers_own_database_is_no_tools(settings: Any) -> None:
    own = settings.DATABASES["default"]
    settings.TOOL_DATABASE_URL = f"host={own['HOST'] or 'localhost'} port={own['PORT'] or 5432} dbname={own['NAME']}"
    assert [error.id for error in check_settings(None)] == ["evoserver.E009"]


async def test_a_note_is_left_once(use: Use, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example's tool with side effects, called again under the same name, as after a crash."""
    monkeypatch.setenv("HOUSE_NOTES", str(tmp_path / "notes.txt"))
    (leave_note,) = (tool for tool in TOOLS if tool.name == "leave_note")
    for _ in range(2):
        assert (await use(leave_note, note="Feed the owl")).ok
    assert (tmp_path / "notes.txt").read_text() == "[task tool/1] Feed the owl\n"
