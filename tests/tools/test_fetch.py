"""Fetching: what comes, what is refused, and that no way leads to a private address."""

import asyncio
import gzip
import json
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tools.conftest import Use
from tests.tools.serving import answer, certificate_for, pages, redirect
from workflows.engine.agents.files import CallFiles
from workflows.engine.tools import Tool
from workflows.outgoing.addresses import networks
from workflows.tools.fetch import FetchLimits, fetch

HTML = """<!doctype html><html><head><title>Owls &amp; mice</title><style>p {}</style>
<script>if (1 < 2) steal()</script></head><body><h1>Owls</h1><p>They  see
at <a href="https://example.org/night">night</a>.<ul><li>barn<li>snowy</ul>
<table><tr><td>barn</td><td>30 cm</td></tr></table></body></html>"""

NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def fetcher(*hosts: str, allowed: tuple[str, ...] = ("127.0.0.1",), **more: Any) -> Tool:
    """Loading the usual certificates takes longer than a test."""
    return fetch(FetchLimits(hosts or ("*",), networks(allowed), **{"tls": NO_CERTIFICATES, **more}))


def resolving(monkeypatch: pytest.MonkeyPatch, names: dict[str, list[str]]) -> list[str]:
    """Have the system's resolver know these names. Returns what it is asked for."""
    loop = asyncio.get_running_loop()
    ask: Callable[..., Any] = loop.getaddrinfo
    asked: list[str] = []

    async def getaddrinfo(host: str, port: int, **more: Any) -> Any:
        asked.append(host)
        if host not in names:
            return await ask(host, port, **more)
        return [entry for address in names[host] for entry in await ask(address, port, **more)]

    monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
    return asked


async def test_a_page_comes_as_text(use: Use) -> None:
    async with pages({"/owls": answer(HTML, "text/html; charset=utf-8")}) as served:
        ok, text = await use(fetcher(), url=served.url("/owls?a=1"))
        raw = json.loads((await use(fetcher(), url=served.url("/owls"), raw=True)).text)
    assert ok
    found = json.loads(text)
    assert found["text"] == (
        "Owls & mice\n\n# Owls\n\nThey see at night (https://example.org/night).\n\n- barn\n- snowy\n\n| barn | 30 cm"
    )
    assert (found["status"], found["content_type"], found["url"]) == (200, "text/html", served.url("/owls?a=1"))
    assert raw["text"] == HTML
    assert served.asked[0].startswith("GET /owls?a=1 HTTP/1.1\r\nHost: 127.0.0.1")


async def test_a_long_text_comes_in_parts_and_whole_into_a_file(use: Use, files: CallFiles) -> None:
    body = "äöü " * 10_000
    async with pages({"/long": answer(body.encode("latin-1"), "text/plain; charset=latin-1")}) as served:
        first = json.loads((await use(fetcher(), url=served.url("/long"))).text)
        second = json.loads((await use(fetcher(), url=served.url("/long"), start=first["next_start"])).text)
        kept = json.loads((await use(fetcher(), url=served.url("/long"), save_as="long.txt")).text)
    assert (first["text"] + second["text"]) == body[:30_000]
    assert (kept["saved_as"], kept["characters"], len(kept["text"])) == ("long.txt", 40_000, 1_000)
    assert await files.read("long.txt") == body


async def test_a_body_without_end_is_cut(use: Use) -> None:
    packed = gzip.compress(b"z" * 100_000_000)
    answers = {
        "/big": answer("x" * 5_000_000),
        "/bomb": answer(packed, Content_Encoding="gzip"),
        "/small": answer(gzip.compress(b"packed unasked"), Content_Encoding="gzip"),
        "/broken": answer(b"nonsense", Content_Encoding="gzip"),
        "/other": answer(b"nonsense", Content_Encoding="br"),
    }
    async with pages(answers) as served:
        for path in ("/big", "/bomb"):
            found = json.loads((await use(fetcher(max_bytes=100_000), url=served.url(path))).text)
            assert (found["characters"], found["note"]) == (100_000, "only the first 100,000 bytes were fetched")
        assert json.loads((await use(fetcher(), url=served.url("/small"))).text)["text"] == "packed unasked"
        assert "packed, and broken" in (await use(fetcher(), url=served.url("/broken"))).text
        assert "packed in a way" in (await use(fetcher(), url=served.url("/other"))).text


async def test_redirects_are_followed_within_bounds(use: Use) -> None:
    answers = {"/a": redirect("/b"), "/b": redirect("c?d"), "/c": answer("there"), "/round": redirect("/round")}
    async with pages(answers) as served:
        found = json.loads((await use(fetcher(), url=served.url("/a"))).text)
        assert (found["url"], found["text"]) == (served.url("/c?d"), "there")
        assert "more than 5 redirects" in (await use(fetcher(), url=served.url("/round"))).text


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.2:{port}/secret",
        "http://2130706434:{port}/secret",
        "http://0x7f000002:{port}/secret",
        "http://0177.0.0.2:{port}/secret",
        "http://127.2:{port}/secret",
        "http://[::1]:{port}/secret",
        "http://[::ffff:127.0.0.2]:{port}/secret",
        "http://[64:ff9b::7f00:2]:{port}/secret",
        "http://[2002:7f00:2::]:{port}/secret",
        "http://0.0.0.0:{port}/secret",
        "http://169.254.169.254/latest/meta-data/",
        "http://internal.test:{port}/secret",
        "http://both.test:{port}/secret",
    ],
)
async def test_no_way_leads_to_a_private_address(use: Use, monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    """Asked for directly, and by a redirect from a page that may be fetched."""
    resolving(monkeypatch, {"internal.test": ["127.0.0.2"], "both.test": ["127.0.0.1", "127.0.0.2"]})
    answers = {"/secret": answer("the secret")}
    async with pages(answers) as served:
        url = target.format(port=served.port)
        served.answers = {**answers, "/a": redirect(url)}
        for asked in (url, served.url("/a")):
            ok, text = await use(fetcher(), url=asked)
            assert not ok
            assert "is in a private network, and nothing is fetched from there." in text or "is no URL" in text
    assert all(" /a " in head for head in served.asked)


async def test_a_name_is_resolved_once_and_the_address_that_was_checked_is_used(
    use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that answers with another address the second time (DNS rebinding) finds nobody who asks again."""
    asked = resolving(monkeypatch, {"pages.test": ["127.0.0.1"]})
    async with pages({"/a": answer("there")}) as served:
        ok, _ = await use(fetcher("pages.test"), url=served.url("/a", "pages.test"))
    assert ok
    assert asked.count("pages.test") == 1
    assert f"Host: pages.test:{served.port}" in served.asked[0]


async def test_a_certificate_is_checked_for_the_name_and_not_for_the_address(
    use: Use, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server, client = certificate_for("pages.test", tmp_path)
    resolving(monkeypatch, {"pages.test": ["127.0.0.1"], "other.test": ["127.0.0.1"]})
    async with pages({"/a": answer("there")}, server) as served:
        tool = fetcher(tls=client)
        assert (await use(tool, url=served.url("/a", "pages.test", "https"))).ok
        ok, text = await use(tool, url=served.url("/a", "other.test", "https"))
    assert (ok, text) == (False, "other.test could not be reached, or broke off.")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://example.org/a", "only http:// and https:// are"),
        ("file:///etc/passwd", "only http:// and https:// are"),
        ("example.org", "only http:// and https:// are"),
        ("http://", "only http:// and https:// are"),
        ("http://[::", "is no URL"),
        ("http://user:password@pages.test/", "a name or a password in it"),
        ("http://elsewhere.test/", "Nothing is fetched from elsewhere.test. Allowed are: pages.test, *.docs.test."),
        ("http://pages.test.evil.test/", "Nothing is fetched from"),
        ("http://nowhere.docs.test/", "There is no host nowhere.docs.test."),
    ],
)
async def test_what_is_not_fetched_is_said(use: Use, monkeypatch: pytest.MonkeyPatch, url: str, said: str) -> None:
    async def unknown(host: str, port: int, **_: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    ok, text = await use(fetcher("pages.test", "*.docs.test"), url=url)
    assert not ok
    assert said in text
    assert "password@" not in text


async def test_what_is_no_text_and_who_does_not_answer(use: Use) -> None:
    async with pages({"/image": answer(b"\x89PNG", "image/png"), "/odd": b"HTTP/1.1 nonsense\r\n\r\n"}) as served:
        assert "is image/png, and only text can be read" in (await use(fetcher(), url=served.url("/image"))).text
        assert "could not be reached, or broke off" in (await use(fetcher(), url=served.url("/odd"))).text
        missing = json.loads((await use(fetcher(), url=served.url("/none"))).text)
        assert (missing["status"], missing["text"]) == (404, "gone")
    assert "could not be reached" in (await use(fetcher(), url="http://127.0.0.1:9/")).text


async def test_proxies_and_cookies_of_others_are_not_used(use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    answers = {"/set": answer("", status="302 Found", Location="/a", Set_Cookie="a=1"), "/a": answer("there")}
    async with pages(answers) as served:
        assert (await use(fetcher(), url=served.url("/set"))).ok
    assert not any("cookie" in head.lower() for head in served.asked)
