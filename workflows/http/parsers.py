"""Request bodies: strict JSON, with FastAPI's error shape, which the clients of these APIs know."""

import json
import math
import zlib
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

from workflows.exceptions import Invalid, Problem, TooLarge, WrongMediaType

MAX_DEPTH = 100
MAX_INTEGER = 2**63
MAX_DIGITS = 30
TOO_DEEP = Problem(loc=["body"], msg=f"Nested deeper than {MAX_DEPTH} levels.", type="too_deep")


def json_body(request: HttpRequest) -> Any:
    """The JSON value of a request's body; an empty body is an empty object, whatever its type.

    Read here, not through DRF, which takes a chunked body for none. Raises TooLarge, WrongMediaType, or Invalid for
    what is not JSON or what no database can store (NUL, lone surrogates, NaN). A body may be packed with gzip.
    """
    try:
        body = request.body
    except RequestDataTooBig:
        raise TooLarge("The body is too large.") from None
    packing = request.headers.get("Content-Encoding", "").strip().lower()
    return parse_body(unpacked(body, packing), request.headers.get("Content-Type", ""))


def unpacked(body: bytes, packing: str) -> bytes:
    """The body as it was before its `Content-Encoding`. Never more of it than a plain body may have: a few packed bytes
    can stand for gigabytes. Raises TooLarge, WrongMediaType for another encoding, Invalid for what is broken."""
    if packing in ("", "identity"):
        return body
    if packing not in ("gzip", "x-gzip"):
        raise WrongMediaType("Send the body as it is, or with `Content-Encoding: gzip`.")
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(body, settings.MAX_BODY_BYTES + 1)
    except zlib.error:
        raise Invalid.at("body", msg="The body is not valid gzip.", type="gzip_invalid") from None
    if len(plain) > settings.MAX_BODY_BYTES:
        raise TooLarge(f"The body has more than {settings.MAX_BODY_BYTES} bytes once it is unpacked.")
    if not unpacker.eof:
        raise Invalid.at("body", msg="The gzip body ends too early.", type="gzip_invalid")
    return plain


def parse_body(body: bytes, content_type: str) -> Any:
    """`json_body` for bytes."""
    if not body.strip():
        return {}
    if content_type.split(";")[0].strip().lower() != "application/json":
        raise WrongMediaType("Send the body as JSON, with the header `Content-Type: application/json`.")
    value = _decode(body)
    problems = list(_unstorable(value))
    if problems:
        raise Invalid(problems[:20])
    return value


def _decode(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_refuse_constant, parse_int=_whole_number)
    except json.JSONDecodeError as error:
        raise Invalid.at("body", error.pos, msg="The body is not valid JSON.", type="json_invalid") from None
    except UnicodeDecodeError as error:
        raise Invalid.at("body", error.start, msg="The body is not valid UTF-8.", type="json_invalid") from None
    except RecursionError:
        raise Invalid([TOO_DEEP]) from None


def _refuse_constant(name: str) -> None:
    raise Invalid.at("body", msg=f"{name} is not JSON. Send a number, or leave the field out.", type="json_invalid")


def _whole_number(digits: str) -> int:
    """Longer ones are cut, which leaves them too large (Python refuses, and takes long for, thousands of digits)."""
    return int(digits[:MAX_DIGITS])


def _unstorable(value: Any) -> Iterator[Problem]:
    """What PostgreSQL cannot store, wherever it hides. Iterative: nesting is the sender's choice."""
    waiting: list[tuple[list[str | int], Any]] = [(["body"], value)]
    while waiting:
        loc, item = waiting.pop()
        if len(loc) > MAX_DEPTH:
            yield TOO_DEEP
            return
        if isinstance(item, dict):
            for name, inner in item.items():
                if problem := _bad_text(name):
                    yield Problem(loc=loc, msg=f"A field's name holds {problem}.", type="string_unicode")
                waiting.append(([*loc, name], inner))
        elif isinstance(item, list):
            waiting.extend(([*loc, index], inner) for index, inner in enumerate(item))
        elif isinstance(item, str) and (problem := _bad_text(item)):
            yield Problem(loc=loc, msg=f"The text holds {problem}.", type="string_unicode")
        elif isinstance(item, float) and not math.isfinite(item):
            yield Problem(loc=loc, msg="The number is too large.", type="finite_number")
        elif isinstance(item, int) and abs(item) >= MAX_INTEGER:
            yield Problem(loc=loc, msg="The number does not fit into 64 bits.", type="int_too_large")


def _bad_text(text: str) -> str:
    if "\x00" in text:
        return "a NUL character (U+0000); remove it"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "half of a surrogate pair; send whole characters"
    return ""
