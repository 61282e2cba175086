"""The Dockerfile and what goes into the image."""

import re
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def stages(root: Path) -> list[str]:
    """The text of each stage, from its FROM on, without comments, its lines joined."""
    text = re.sub(r"^\s*#.*\n", "", (root / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    return re.split(r"^(?=FROM )", text.replace("\\\n", " "), flags=re.MULTILINE)[1:]


def test_both_stages_start_from_the_same_pinned_slim_image(stages: list[str]) -> None:
    images = [re.match(r"FROM (\S+)", stage)[1] for stage in stages]  # type: ignore[index]
    assert len(images) == 2
    assert len(set(images)) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-bookworm", images[0])


def test_packages_come_from_the_lock_by_their_hashes_and_nothing_is_compiled(stages: list[str]) -> None:
    (install,) = re.findall(r"pip install [^&]*", stages[0])
    assert "--require-hashes" in install
    assert "--only-binary :all:" in install
    assert "--requirement /requirements.txt" in install
    assert "pip install" not in stages[1]
    assert "apt-get" not in stages[0] + stages[1]


def test_nothing_that_builds_is_left(stages: list[str]) -> None:
    assert "uninstall --quiet --yes pip setuptools" in stages[0]
    assert "pip uninstall --quiet --yes --root-user-action ignore pip setuptools wheel" in stages[1]
    assert re.search(r"^COPY --from=packages /venv /venv$", stages[1], re.MULTILINE)


def test_what_is_left_out_is_in_the_lock(root: Path, stages: list[str]) -> None:
    """The engines of `make run`: should they change their names, they would silently stay in the image."""
    lock = (root / "requirements.txt").read_text("utf-8")
    (left_out,) = re.findall(r"pip uninstall --quiet --yes ((?:(?!pip )\S+ ?)+)", stages[0])[:1]
    for package in left_out.split():
        assert re.search(rf"^{package}==", lock, re.MULTILINE), package


def test_the_last_word_on_the_user_is_no_root(stages: list[str]) -> None:
    user = stages[1].index("USER 10001:10001")
    assert user < stages[1].index("CMD [")
    assert "COPY" not in stages[1][user:]
    assert "RUN" not in stages[1][user:]
    assert 'CMD ["python", "-m", "evoserver.server"]' in stages[1]


def test_the_image_gets_what_it_copies_and_nothing_else(root: Path, stages: list[str]) -> None:
    lines = (root / ".dockerignore").read_text("utf-8").splitlines()
    assert "*" in lines
    let_in = {line[1:] for line in lines if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", "".join(stages), re.MULTILINE)
    assert let_in == {source for group in copied for source in group.split()}
    assert all((root / source).exists() for source in let_in)


def test_every_package_of_ours_is_copied(root: Path, stages: list[str]) -> None:
    for package in ("evoserver", "workflows", "sessions", "templates", "static"):
        assert re.search(rf"^COPY {package} {package}$", stages[1], re.MULTILINE), package
