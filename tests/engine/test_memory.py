import pytest

from workflows.engine.journal import Step
from workflows.engine.memory import MemoryJournal
from workflows.events import Kind


async def test_a_key_is_told_once():
    journal = MemoryJournal()
    await journal.tell("a", Kind.MODEL_STARTED, {"n": 1})
    await journal.tell("a", Kind.MODEL_STARTED, {"n": 2})
    assert journal.of(Kind.MODEL_STARTED) == [{"n": 1}]


async def test_a_step_is_settled_once_with_its_event():
    journal = MemoryJournal()
    for output in (1, 2):
        await journal.settle(Step("plan/1", "model", output), Kind.MODEL_COMPLETED, {"n": output})
    step = await journal.lookup("plan/1")
    assert step is not None
    assert step.output == 1
    assert journal.of(Kind.MODEL_COMPLETED) == [{"n": 1}]
    assert await journal.lookup("plan/2") is None


async def test_what_the_database_would_refuse_is_refused():
    journal = MemoryJournal()
    await journal.tell("a", Kind.TASK_PROGRESS, {"progress": 40})
    with pytest.raises(ValueError, match="progress falls from 40 to 5"):
        await journal.tell("b", Kind.TASK_PROGRESS, {"progress": 5})
    with pytest.raises(ValueError, match="larger than"):
        await journal.tell("c", Kind.MODEL_REJECTED, {"text": "x" * 64_000})
