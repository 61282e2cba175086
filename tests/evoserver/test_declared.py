"""Every setting is declared once, with its meaning, and docs/operations.md says what is declared."""

import ast
import re
from collections import Counter
from pathlib import Path

import environ
import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from evoserver.declared import Declarations, tables
from evoserver.management.commands.describe_settings import with_tables


def test_the_operators_page_is_what_the_code_says(root: Path) -> None:
    page = root / "docs" / "operations.md"
    assert page.read_text("utf-8") == with_tables(page, tables(settings.DECLARED)), (
        "run `manage.py describe_settings --write`"
    )


def test_settings_are_read_only_where_they_are_declared(root: Path) -> None:
    """`env` is asked for the two files and for the database's address, which is declared beside it; nothing else."""
    tree = ast.parse((root / "evoserver" / "settings.py").read_text("utf-8"))
    asked = Counter(
        node.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "env"
    )
    assert asked == {"read_env": 2, "db_url": 1}
    assert "environ[" not in (root / "evoserver" / "settings.py").read_text("utf-8")


def test_each_has_one_name_and_a_meaning() -> None:
    names = [setting.name for setting in settings.DECLARED]
    assert len(names) == len(set(names))
    for setting in settings.DECLARED:
        assert re.fullmatch(r"[A-Z_]+", setting.name)
        assert setting.heading
        assert setting.default
        assert len(setting.about) > 5, setting.name
        assert "|" not in setting.about + setting.default


def test_the_readme_names_only_settings_that_exist(root: Path) -> None:
    (section,) = re.findall(
        r"^## Settings\n(.*?)^## ", (root / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    named = {
        name
        for row in re.findall(r"^\| (`[A-Z].*?) \|", section, re.MULTILINE)
        for name in re.findall(r"`([A-Z_]+)`", row)
    }
    assert named
    assert named <= {setting.name for setting in settings.DECLARED}


def test_readers_keep_to_their_types(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"T_FLAG": "on", "T_NAMES": "a, b,,c", "T_INTEGER": "x", "T_NUMBER": "1.5"}.items():
        monkeypatch.setenv(name, value)
    declared = Declarations(environ.Env())
    declared.heading("Here")
    assert declared.flag("T_FLAG", False, "a flag") is True
    assert declared.names("T_NAMES", ["z"], "names") == ["a", "b", "c"]
    assert declared.number("T_NUMBER", 2, "a number") == 1.5
    assert declared.text("T_TEXT", "", "a text") == ""
    with pytest.raises((ImproperlyConfigured, ValueError)):
        declared.integer("T_INTEGER", 7, "an integer")
    assert tables(declared.all).splitlines() == [
        "### Here",
        "",
        "| setting | default | what it is |",
        "|---|---|---|",
        "| `T_FLAG` | off | a flag |",
        "| `T_NAMES` | `z` | names |",
        "| `T_NUMBER` | `2` | a number |",
        "| `T_TEXT` | none | a text |",
        "| `T_INTEGER` | `7` | an integer |",
    ]
