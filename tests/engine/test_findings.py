"""Sentences out of a text that is still being written."""

import pytest

from workflows.engine.execution.findings import Findings


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def heard(text, size=5):
    """What is found if a piece comes every half second."""
    clock = Clock()
    findings = Findings(clock)
    found = []
    for start in range(0, len(text), size):
        found.append(findings.heard(text[start : start + size]))
        clock.now += 0.5
    return [finding for finding in found if finding]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"thought": "The owls are hungry. They hunt at night.", "n": 3}', "The owls are hungry.|They hunt at night."),
        ("## Thought\nThe owls, e.g. barn owls, eat.\n\n## x", "The owls, e.g. barn owls, eat."),
        ('{"list": "- The first thing.\\n- The second one too.\\n"}', "The first thing.|The second one too."),
        ('{"x": "Сови ядат мишки нощем. Да, така е това тук!"}', "Сови ядат мишки нощем.|Да, така е това тук!"),
        ('{"x": "short. no. 3.14 and 2.71"}', ""),
        ('{"x": "She said \\u201cnever again\\u201d to all of them. "}', "She said “never again” to all of them."),
    ],
)  # fmt: skip
def test_finished_sentences_are_found(text, expected):
    assert "|".join(heard(text)) == expected


def test_one_a_second_at_most_and_the_newest():
    clock = Clock()
    findings = Findings(clock)
    assert (
        findings.heard("The first sentence is here. The second sentence is here. The") == "The second sentence is here."
    )
    assert findings.heard(" third sentence is here. A") is None
    clock.now = 1.0
    assert findings.heard("nd") == "The third sentence is here."


def test_a_long_sentence_is_cut():
    assert len(Findings(Clock()).heard("W" + "and word " * 150 + "end. Next") or "") == 300
