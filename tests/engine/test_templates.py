import pytest

from workflows.engine.graphs.templates import completed, filled, prompt_problems


@pytest.mark.parametrize(
    ("written", "filled"),
    [
        ("Use {goal}.", "Use G."),
        ('{goal} as {{"a": {{"b": 1}}}}', 'G as {"a": {"b": 1}}'),
        ('{goal} as {"a": {"b": 1}}', 'G as {"a": {"b": 1}}'),
        ('{goal} as {"a": [1, 2], "b": "{goal}"}', 'G as {"a": [1, 2], "b": "G"}'),
        ("{goal} if (x) { y } else {", "G if (x) { y } else {"),
        ("{goal} {} {0} {goal!r} {goal:>9} {goal.x} {goal[0]}", "G {} {0} {goal!r} {goal:>9} {goal.x} {goal[0]}"),
        ("{goal} }", "G }"),
    ],
)
def test_braces_that_cannot_be_an_input_become_literal(written, filled):
    prompt = completed(written, ["goal"], [])
    assert prompt_problems(prompt, ["goal"]) == []
    assert prompt.format(goal="G") == filled


def test_a_right_prompt_is_left_alone():
    prompt = "### Inputs\n<input>{goal}</input>\n\n### Output Format\n## Thought\n\n## report\nAll of it."
    assert completed(prompt, ["goal"], ["report"]) == prompt


def test_what_is_missing_is_added_in_its_place():
    prompt = completed("Do it.\n\n### Output Format\n## Thought", ["goal", "facts"], ["report"])
    assert prompt == (
        "Do it.\n\n### Inputs\n<input>{goal}</input>\n<input>{facts}</input>\n\n"
        "### Output Format\n## Thought\n\n## report\nThe report."
    )


def test_a_prompt_without_any_part_gets_them():
    assert completed("Do it.", ["goal"], ["report"]) == (
        "Do it.\n\n### Inputs\n<input>{goal}</input>\n\n### Output Format\n## report\nThe report."
    )


def test_an_unknown_name_stays_for_the_model_to_mend():
    prompt = completed("{gaol} {goal}", ["goal"], [])
    assert prompt_problems(prompt, ["goal"]) == [
        "the prompt names {gaol}, which is no input (inputs: {goal}); name an input, or double the braces if they "
        "are meant literally"
    ]


def test_values_come_through_as_they_are():
    prompt = "Use {{braces}} and {text}, then {text}."
    assert filled(prompt, {"text": "{text} {0} }{"}) == "Use {braces} and {text} {0} }{, then {text} {0} }{."
