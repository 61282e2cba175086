"""nginx's configuration, read without nginx: what streams, long calls and callers' addresses depend on."""

import re
from pathlib import Path

import pytest
from django.conf import settings

FOLDER = Path(__file__).resolve().parents[2] / "deploy"
SITES = ("plain.conf", "tls.conf")

Directive = tuple[str, ...]
Block = list["Directive | tuple[Directive, Block]"]

TOKEN = re.compile(
    r"""\s+|\#[^\n]*|(?P<word>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\$\{\w+\}|[^\s;{}"']+)|(?P<mark>[;{}])"""
)


def parse(text: str) -> Block:
    """Directives as tuples, blocks as pairs of heading and content. Raises AssertionError on bad syntax."""
    stack: list[tuple[Directive, Block]] = [((), [])]
    words: list[str] = []
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        assert match, f"not understood: {text[at : at + 40]!r}"
        at = match.end()
        if word := match["word"]:
            words.append(word)
        elif match["mark"] == ";":
            assert words, "a directive without words"
            stack[-1][1].append(tuple(words))
            words = []
        elif match["mark"] == "{":
            stack.append((tuple(words), []))
            words = []
        elif match["mark"] == "}":
            assert not words, f"{words} lacks its semicolon"
            assert len(stack) > 1, "a block is closed that was not open"
            closed = stack.pop()
            stack[-1][1].append(closed)
    assert len(stack) == 1, f"{stack[-1][0]} is not closed"
    assert not words
    return stack[0][1]


def inside(block: Block, *path: str) -> Block:
    """What stands in the first block below that path of headings' first words."""
    for name in path:
        block = next(part[1] for part in block if isinstance(part[1], list) and part[0][0] == name)
    return block


def values(block: Block, name: str) -> list[tuple[str, ...]]:
    return [part[1:] for part in block if isinstance(part[0], str) and part[0] == name]  # type: ignore[misc]


def seconds(value: str) -> int:
    return int(value[:-1]) * {"s": 1, "m": 60, "h": 3600}[value[-1]]


@pytest.fixture(scope="module")
def proxy() -> Block:
    return parse((FOLDER / "proxy.conf").read_text("utf-8"))


@pytest.fixture(scope="module")
def main() -> Block:
    return parse((FOLDER / "nginx.conf").read_text("utf-8"))


def test_frames_and_bodies_pass_at_once(proxy: Block, main: Block) -> None:
    assert values(proxy, "proxy_buffering") == [("off",)]
    assert values(proxy, "proxy_request_buffering") == [("off",)]
    assert values(proxy, "proxy_http_version") == [("1.1",)]
    assert values(inside(main, "http"), "gzip") == [("off",)]
    assert not values(proxy, "proxy_cache")


def test_websockets_pass_and_no_other_upgrade(main: Block) -> None:
    blocks = [part for part in inside(main, "http") if isinstance(part[1], list)]
    assert [(*heading, *body) for heading, body in blocks if heading[0] == "map"] == [
        ("map", "$http_upgrade", "$websocket", ('"~*^websocket$"', "websocket"), ("default", '""')),
        ("map", "$websocket", "$upgrade_or_keep", ("websocket", "upgrade"), ("default", '""')),
    ]


def test_no_call_is_cut_off_before_its_own_end(proxy: Block) -> None:
    ((longest,),) = values(proxy, "proxy_read_timeout")
    assert seconds(longest) > settings.TASK_TIMEOUT_MAX_SECONDS


def test_who_called_is_replaced_and_never_taken_over(proxy: Block) -> None:
    headers = dict(values(proxy, "proxy_set_header"))  # type: ignore[arg-type]
    assert headers == {
        "Upgrade": "$websocket",
        "Connection": "$upgrade_or_keep",
        "Host": "$http_host",
        "X-Forwarded-For": "$remote_addr",
        "X-Forwarded-Proto": "$scheme",
        "X-Forwarded-Host": '""',
        "Forwarded": '""',
    }


def test_answers_with_large_headers_fit(proxy: Block) -> None:
    assert values(proxy, "proxy_buffer_size") == [("32k",)]
    assert values(proxy, "proxy_buffers") == [("8", "32k")]


def test_the_limit_on_bodies_is_the_web_processs(proxy: Block) -> None:
    assert values(proxy, "client_max_body_size") == [("0",)]


def test_a_request_that_may_have_had_an_effect_is_not_sent_twice(proxy: Block) -> None:
    ((*conditions,),) = values(proxy, "proxy_next_upstream")
    assert "non_idempotent" not in conditions


def test_queries_are_not_logged(main: Block) -> None:
    ((_, *format),) = values(inside(main, "http"), "log_format")
    assert not re.search(r"\$(request|request_uri|args|query_string|http_referer)\b", "".join(format))
    assert values(main, "error_log") == [("/dev/stderr", "crit")]
    names = [part[0] for part in inside(main, "http")]
    assert names.index("log_format") < names.index("access_log")


def test_names_are_resolved_again_so_that_processes_may_come_and_go(main: Block, proxy: Block) -> None:
    ((address, valid, *_),) = values(inside(main, "http"), "resolver")
    assert (address, valid) == ("127.0.0.11", "valid=5s")
    assert values(proxy, "set") == [("$evoserver", "http://web:8001")]
    assert values(proxy, "proxy_pass") == [("$evoserver",)]


@pytest.mark.parametrize("site", SITES)
def test_a_site_hands_everything_on(site: str) -> None:
    servers = [part[1] for part in parse((FOLDER / site).read_text("utf-8")) if part[0] == ("server",)]
    assert values(inside(servers[-1], "location"), "include") == [("proxy.conf",)]  # type: ignore[arg-type]
    assert len(servers) == (2 if site == "tls.conf" else 1)


def test_by_tls_plain_http_is_only_sent_there() -> None:
    plain, tls = [part[1] for part in parse((FOLDER / "tls.conf").read_text("utf-8"))]
    assert inside(plain, "location") == [("return", "301", "https://$host$request_uri")]  # type: ignore[arg-type]
    assert values(tls, "ssl_protocols") == [("TLSv1.2", "TLSv1.3")]  # type: ignore[arg-type]
    assert values(tls, "http2") == [("on",)]  # type: ignore[arg-type]


@pytest.mark.parametrize("broken", ["a b", "a {", "a }", "a b; }", "{ a", ";"])
def test_the_reader_of_these_tests_notices_bad_syntax(broken: str) -> None:
    with pytest.raises(AssertionError):
        parse(broken)
