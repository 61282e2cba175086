"""Posting to an address that somebody else chose: where it goes, where it does not, and what is made of answers."""

import pytest

from tests.tools.serving import answer, pages, redirect
from tests.tools.test_fetch import NO_CERTIFICATES, resolving
from workflows.outgoing.addresses import networks
from workflows.outgoing.posting import SAID_CHARS, Reply, post, refusal

LOOPBACK = networks(["127.0.0.1"])


async def posted(address: str, *, allowed: bool = True) -> Reply:
    return await post(address, "{}", {"webhook-id": "1:1"}, LOOPBACK if allowed else (), NO_CERTIFICATES)


async def test_answers_are_told_apart_and_cut() -> None:
    answers = {
        "/ok": answer("thanks"),
        "/busy": answer("later\n" * 1_000_000, status="503 Service Unavailable", Retry_After="120"),
        "/date": answer("", status="429 Too Many Requests", Retry_After="Fri, 01 Jan 2100 00:00:00 GMT"),
        "/odd": answer("\x00\x00", status="500 Oh", Retry_After="soon"),
        "/away": redirect("/ok"),
    }
    async with pages(answers) as served:
        assert await posted(served.url("/ok")) == Reply(200)
        busy = await posted(served.url("/busy"))
        assert (busy.status, busy.retry_after, len(busy.said)) == (503, 120, SAID_CHARS)
        assert ((await posted(served.url("/date"))).retry_after or 0) > 24 * 3600
        assert await posted(served.url("/odd")) == Reply(500, "��")
        away = await posted(served.url("/away"))
        assert (away.status, "not followed" in away.said) == (302, True)
        assert [head.split(" ")[1] for head in served.asked].count("/ok") == 1, "the redirect was not followed"
        assert "webhook-id: 1:1" in served.asked[0]
    gone = await posted(served.url("/ok"))
    assert (gone.status, "could not be reached" in gone.said) == (None, True)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]"]
)
async def test_nothing_goes_to_a_private_address_in_whatever_form(host: str) -> None:
    async with pages({"/": answer("")}) as served:
        reply = await posted(served.url("/", host), allowed=False)
        assert reply.status is None
        assert "WEBHOOK_ALLOWED_NETWORKS" in reply.said or "is no URL" in reply.said
        assert await refusal(served.url("/", host)) == reply.said
        assert served.asked == []


async def test_a_name_is_what_it_stands_for_at_that_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"hooks.test": ["93.184.215.14"]}
    resolving(monkeypatch, names)
    async with pages({"/": answer("")}) as served:
        assert await refusal(served.url("/", "hooks.test")) is None
        names["hooks.test"] = ["93.184.215.14", "127.0.0.1"]
        assert "private network" in (await posted(served.url("/", "hooks.test"), allowed=False)).said
        assert served.asked == []
    assert await refusal("http://nowhere.invalid/") == "There is no host nowhere.invalid."
