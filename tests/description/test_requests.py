"""Every route, asked by schemathesis whatever its description allows and much that it does not: no 5xx, and nothing is
answered that is not described. What it asks follows from the seed."""

import copy
import re
import uuid
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import requests
import schemathesis
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from sessions.callers import Caller
from tests.description.checking import STREAMS, Checker
from tests.factories import (
    make_agent,
    make_cancelled,
    make_question,
    make_running,
    make_worker,
    make_workflow,
    run_and_cancel,
    talk_and_cancel,
)
from tests.sessions.test_rights import webhook_of
from tests.streaming.sse import parse
from workflows import services
from workflows.description.schema import document

SEED = 20261121
print(f"schemathesis asks with the seed {SEED}")

EVENTS = "text/event-stream"


def config(document: dict[str, Any]) -> schemathesis.Config:
    """A field that several routes take is tried thoroughly on the first of them, and by chance on the others."""
    seen: set[str] = set()
    again = []
    for operations in document["paths"].values():
        for operation in operations.values():
            fields = fields_of(document, operation)
            if fields <= seen:
                again.append(
                    {"include-operation-id": operation["operationId"], "phases": {"coverage": {"enabled": False}}}
                )
            seen |= fields
    return schemathesis.Config.from_dict(
        {
            "seed": SEED,
            "generation": {"deterministic": True, "max-examples": 3, "no-shrink": True, "database": "none"},
            "phases": {"coverage": {"unexpected-methods": ["PUT", "DELETE"]}},
            "operations": again,
            # 504: a call that waits was given no time. It has to be described, as all answers.
            "checks": {"not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", "504"]}},
            "request-timeout": 30,
            "output": {"sanitization": {"enabled": False}},
        }
    )


def fields_of(document: dict[str, Any], operation: dict[str, Any]) -> set[str]:
    """Those of the body, each with its schema; of an operation without a body, the operation."""
    content = operation.get("requestBody", {}).get("content", {})
    if not content:
        return {operation["operationId"]}
    schema = content["application/json"]["schema"]
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return {f"{name}: {field}" for name, field in schema["properties"].items()}


def described() -> dict[str, Any]:
    """The document with any item allowed in streams: frames are checked below, by their own schemas."""
    made = copy.deepcopy(document())
    for operations in made["paths"].values():
        for operation in operations.values():
            for answer in operation["responses"].values():
                for content_type in set(STREAMS) & set(answer.get("content", {})):
                    answer["content"][content_type] = {"schema": {}, "itemSchema": {}}
    return made


CHANGING = re.compile("execute|retry|pause|resume|_(put|patch|delete)$")
"""Operations after which a workflow may have a run that goes on."""


CHANGES_AGENT = re.compile("agent_detail_(patch|delete)$")


class Ids(NamedTuple):
    """Ids that lead somewhere, for the operations that need them."""

    ended: str
    running: str
    open: str
    closed: str
    workflow: str
    run: str
    """A workflow with an ended run."""
    webhook: str
    question: str
    """One of a running task."""
    agent: str
    turn: str
    """Its conversation, whose turn has ended."""
    spare: str
    """An agent that may be edited, and deleted."""

    def for_operation(self, name: str) -> dict[str, str]:
        if name.startswith("agentarea"):
            return {"agent_id": self.spare if CHANGES_AGENT.search(name) else self.agent, "task_id": self.turn}
        task = self.running if "cancel" in name else self.ended
        session = self.closed if "stream" in name else self.open
        workflow = self.workflow if CHANGING.search(name) else self.run
        return {
            "task_id": task,
            "client_id": session,
            "workflow_id": workflow,
            "webhook_id": self.webhook,
            "question_id": self.question,
        }


@pytest.fixture(scope="module")
def ids(caller: Caller) -> Ids:
    running, claim = make_running(caller, make_worker())
    closed = services.open_session(caller)
    ended = make_cancelled(caller, session=closed)
    services.close_session(closed)
    has_run = make_workflow(caller)
    run_and_cancel(caller, has_run)
    question = make_question(running, claim)
    agent = make_agent(caller)
    turn = talk_and_cancel(caller, agent).thread
    rows = (ended, running, services.open_session(caller), closed, make_workflow(caller), has_run)
    more = (webhook_of(caller), question, agent, turn, make_agent(caller))
    return Ids(*(str(row.pk) for row in (*rows, *more)))


DESCRIBED = described()

api = schemathesis.openapi.from_dict(DESCRIBED, config=config(DESCRIBED))


@pytest.fixture(scope="module")
def connection() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@api.parametrize()
def test_every_answer_is_described(
    case: schemathesis.Case, url: str, connection: requests.Session, ids: Ids, checker: Checker
) -> None:
    known = ids.for_operation(case.operation.definition.raw["operationId"])
    case.path_parameters.update({name: known[name] for name in case.path_parameters if is_id(case, name)})
    answer = case.call(base_url=url, session=connection)
    excluded = [positive_data_acceptance] if no_schema_could_say(answer) else []
    excluded += [negative_data_rejection] if has_margins(case.body) else []
    case.validate_response(answer, excluded_checks=excluded)
    content_type = answer.headers.get("content-type", [""])[0]
    if content_type == EVENTS:
        operation = checker.operation(case.method, case.operation.path)
        for message in parse(answer.text):
            frame = {"event": message.event, "data": message.data, **({"id": message.id} if message.id else {})}
            checker.check_frame(operation["responses"]["200"], EVENTS, frame)


UNSTORABLE = ("int_too_large", "finite_number", "string_unicode", "too_deep")
"""Types of problems with what no row can hold. It is refused in fields that nobody reads, too."""
FORBIDDEN = "extra_forbidden"
"""A name that an agent does not have, which a change of it must not hold."""
JUDGED = (
    "base_url", "api_base", "cursor", "goal", "stream", "nodes", "inputs", "tasks", "name", "workflow_graph", "after",
    "task_id", "url", "types", "arguments", "value", "mcpServers", "parameters", "instruction", "model_id",
    "question", "team", "user_id", "user_query", "workflow_path", "startup_command", "command_name", "nl_feedback",
)  # fmt: skip
"""Fields whose values this server has to know, or in which a person has to see something, or that have another name."""


def no_schema_could_say(answer: Any) -> bool:
    """Whether a request was refused for something that makes it wrong here and now, and not by its shape."""
    if answer.status_code == 400:
        return True
    if answer.status_code != 422:
        return False
    return all(
        problem["type"] in (*UNSTORABLE, FORBIDDEN) or not set(JUDGED).isdisjoint(problem["loc"])
        for problem in answer.json()["detail"]
    )


def has_margins(value: Any) -> bool:
    """Whether white space stands around a text, which is trimmed before its length counts."""
    if isinstance(value, dict):
        return any(map(has_margins, value.values()))
    if isinstance(value, list):
        return any(map(has_margins, value))
    return isinstance(value, str) and value != value.strip()


def is_id(case: schemathesis.Case, name: str) -> bool:
    """Whether it is an id by its looks; others have to lead to a 404."""
    try:
        uuid.UUID(str(case.path_parameters[name]))
    except ValueError:
        return False
    return True
