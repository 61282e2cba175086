"""From a request to the reply of a correct model, spoiled where its name asks for it."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from evoserver.demo_model.chat import ChatRequest, Json, Refused, Reply, count_tokens
from evoserver.demo_model.doing import do_task, review, write_sections
from evoserver.demo_model.faults import Faults
from evoserver.demo_model.instances import make_instance
from evoserver.demo_model.planner import make_plan
from evoserver.demo_model.prompts import Prompt
from evoserver.demo_model.spoiling import spoil_data, spoil_text
from evoserver.demo_model.spoken import is_mapping, mapped
from evoserver.demo_model.teamwork import Turn, next_speaker, read_turn, speak, team_calls
from evoserver.demo_model.tooling import Wanted, as_calls, results_of, wanted_calls
from evoserver.demo_model.turns import is_turn, next_calls, sum_up
from evoserver.demo_model.words import content_words, shorten, split_words
from evoserver.demo_model.writer import make_agents, write_paragraph

PIECE: Final = 24
MAX_PIECE: Final = 40
BIG_PIECE: Final = 65_536

_WORDS: Final = re.compile(rf"\s*\S{{1,{MAX_PIECE}}}|\s+")


def reply_to(request: ChatRequest, prompt: Prompt, faults: Faults) -> Reply:
    """What the model says. Raises `Refused` (400) for a schema that is none."""
    if "refuse" in faults:
        return Reply(refusal="I'm sorry, but the demo model refuses this request.")
    turn = read_turn(request)
    if wanted := _wanted(request, faults, turn):
        return Reply(tool_calls=as_calls(request, wanted), finish_reason="tool_calls")
    data = _data(request, prompt)
    if turn:
        text = speak(turn, request)
    elif data is None:
        text = write_sections(request.last_user_text) or write_paragraph(request.last_user_text)
    elif isinstance(data, dict):
        text = _dumped(spoil_data(data, faults, request))
    else:
        text = _dumped(data)
    if data is not None and not turn and request.format == "text":
        text = f"Demo model: this is the JSON that the message asks for.\n\n```json\n{text}\n```"
    return _limited(spoil_text(text, faults, request), request, faults)


def pieces_of(text: str, faults: Faults) -> Iterator[str]:
    """The text in the deltas in which it is streamed: a few words each."""
    if "flood" in faults:
        yield from text
    elif "big" in faults:
        yield from (text[i : i + BIG_PIECE] for i in range(0, len(text), BIG_PIECE))
    else:
        piece = ""
        for word in _WORDS.findall(text):
            piece += word
            if len(piece) >= PIECE:
                yield piece
                piece = ""
        if piece:
            yield piece


def _wanted(request: ChatRequest, faults: Faults, turn: Turn | None) -> list[Wanted]:
    if not request.tools or request.tool_choice == "none":
        return []
    insists = any(name.startswith("tool") for name in faults.names)
    if turn and not insists:
        return team_calls(turn, request)
    if is_mapping(request):
        return mapped(request)
    return next_calls(request, faults) if is_turn(request) else wanted_calls(request, faults)


def _data(request: ChatRequest, prompt: Prompt) -> Any:
    """The JSON of the reply, or None where plain text is wanted."""
    match request.schema_name or prompt.asks_for:
        case "workflow_plan":
            return make_plan(prompt.goal)
        case "node_agents" if prompt.node:
            return make_agents(prompt.node, prompt.goal, prompt.tools)
        case "node_result" if prompt.outputs:
            # Feedback changes nothing about the work.
            return do_task(request.first_user_text, prompt.outputs, results_of(request))
        case "conversation_summary":
            return sum_up(request)
        case "next_speaker":
            return next_speaker(request)
        case "workflow_review" if prompt.results is not None:
            return review(prompt)
    if request.schema is not None:
        return _instance(request.schema, request.last_user_text)
    return {"answer": write_paragraph(request.last_user_text)} if request.format == "json_object" else None


def _instance(schema: Json, text: str) -> Any:
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        said = f"Invalid schema for response_format: {shorten(error.message, 200)}"
        raise Refused(400, said, param="response_format", code="invalid_json_schema") from None
    return make_instance(schema, content_words(split_words(shorten(text, 2_000)))[:8])


def _limited(text: str, request: ChatRequest, faults: Faults) -> Reply:
    """The reply, cut off at the tokens that the request allows, or in the middle on request."""
    allowed = request.max_tokens
    if faults.spoils("length", request):
        return Reply(text[: len(text) // 2], finish_reason="length")
    if allowed is None or count_tokens(text) <= allowed:
        return Reply(text)
    head = text.encode("utf-8", "surrogatepass")[: allowed * 4].decode("utf-8", "ignore")
    return Reply(head, finish_reason="length")


def _dumped(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False)
