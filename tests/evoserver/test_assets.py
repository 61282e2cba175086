"""Static files: kept for good under the version's address, asked for again under every other."""

import os
import re
from pathlib import Path

import pytest
import requests
from django.conf import settings

from evoserver.versions import static_version

SCRIPT = "dashboard/tasks.js"
HERE = f"{settings.STATIC_ROOT_URL}{settings.STATIC_VERSION}/"
ELSEWHERE = f"{settings.STATIC_ROOT_URL}000000000000/"


def test_pages_name_the_version_and_its_files_are_kept_for_good(url: str) -> None:
    files = re.findall(r'(?:src|href)="(/static/[^"]*)"', requests.get(url).text)
    assert f"{HERE}{SCRIPT}" in files
    assert all(file.startswith(HERE) for file in files)
    for file in files:
        answer = requests.get(url + file)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_what_a_module_imports_is_of_the_same_version(url: str) -> None:
    imported = re.findall(r'from "(\./[^"]+)"', requests.get(f"{url}{HERE}{SCRIPT}").text)
    assert imported
    for path in imported:
        assert requests.get(f"{url}{HERE}dashboard/{path}").headers["Cache-Control"].endswith("immutable")


@pytest.mark.parametrize("root", [ELSEWHERE, settings.STATIC_ROOT_URL])
def test_another_versions_file_is_ours_and_is_not_kept(url: str, root: str) -> None:
    answer = requests.get(f"{url}{root}{SCRIPT}")
    assert answer.text == (settings.BASE_DIR / "static" / SCRIPT).read_text("utf-8")
    assert answer.headers["Cache-Control"] == "no-cache"
    again = requests.get(f"{url}{root}{SCRIPT}", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.headers["Cache-Control"]) == (304, "no-cache")


def test_the_admins_files_are_there(url: str) -> None:
    assert requests.get(f"{url}{HERE}admin/css/base.css").headers["Content-Type"].startswith("text/css")


@pytest.mark.parametrize(
    "path", ["nothing.js", "", "dashboard", "../settings.py", "..%2f..%2fmanage.py", "a%00b", "x" * 4000]
)
def test_what_is_not_there_is_404_and_not_kept(url: str, path: str) -> None:
    answer = requests.get(f"{url}{HERE}{path}")
    assert answer.status_code == 404, answer.text
    assert "immutable" not in answer.headers.get("Cache-Control", "")


def test_other_methods_are_refused(url: str) -> None:
    answer = requests.post(f"{url}{HERE}{SCRIPT}")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_the_version_is_that_of_the_content(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    file = tmp_path / "in" / "a.js"
    file.write_text("1")
    before = static_version(tmp_path)
    os.utime(file, (0, 0))
    assert static_version(tmp_path) == before
    file.write_text("2")
    changed = static_version(tmp_path)
    file.rename(tmp_path / "in" / "b.js")
    assert len({before, changed, static_version(tmp_path)}) == 3
