"""Servers that behave, over standard input and output and over HTTP, and what a task's tools make of them."""

import asyncio
import sys
from ipaddress import ip_network
from typing import Any

import pytest

from tests.mcp.conftest import WAREHOUSE, Bad, open_warehouse, received
from tests.tools.conftest import Use
from tests.tools.serving import pages, redirect
from workflows.engine.tools import Tool
from workflows.mcp.pool import Pool
from workflows.mcp.server import Server, ServerFailed
from workflows.mcp.toolset import toolset

LOOPBACK = (ip_network("127.0.0.0/8"),)


async def tools_of(pool: Pool, server: Server) -> dict[str, Tool]:
    listing = await pool.listing(server)
    return {tool.name: tool for tool in toolset(server, listing.tools, pool.connection).tools}


@pytest.fixture(params=["stdio", "http"])
async def warehouse(request: Any) -> Any:
    if request.param == "stdio":
        yield Server("shop", command=(sys.executable, WAREHOUSE), env=(("SHOP_KEY", "k"),))
        return
    with open_warehouse() as port:
        yield Server("shop", url=f"http://127.0.0.1:{port}/mcp", networks=LOOPBACK)


async def test_a_servers_tools_are_used_like_any_other(warehouse: Server, pool: Pool, use: Use, monkeypatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    tools = await tools_of(pool, warehouse)
    assert list(tools) == ["shop__in_stock", "shop__articles", "shop__order", "shop__environment"]
    assert [tool.side_effects for tool in tools.values()] == [False, False, True, False]
    assert tools["shop__in_stock"].problems({}) == ["the arguments: 'article' is a required property"]
    assert await use(tools["shop__in_stock"], article="apples") == (True, "120 apples are in stock")
    ok, said = await use(tools["shop__in_stock"], article="nuts")
    assert not ok
    assert "there are apples, pears, plums" in said
    assert "120" in (await use(tools["shop__articles"])).text
    first = await pool.connection(warehouse)
    several = await asyncio.gather(*(use(tools["shop__in_stock"], article="pears") for _ in range(10)))
    assert {result.text for result in several} == {"40 pears are in stock"}
    assert await pool.connection(warehouse) is first, "one connection for all"
    if warehouse.command:
        names = (await use(tools["shop__environment"])).text
        assert "SHOP_KEY" in names
        assert "PATH" in names
        assert "DATABASE_URL" not in names


async def test_an_idle_connection_is_closed_and_opened_again(bad: Bad, use: Use, log: Any) -> None:
    pool = Pool(idle_s=0.2)
    tending = asyncio.create_task(pool.tend())
    try:
        server = bad("fine")
        tools = await tools_of(pool, server)
        held = await pool.connection(server)
        async with asyncio.timeout(20):
            while not held.is_over:
                await asyncio.sleep(0.05)
        assert await use(tools["bad__say"], word="again") == (True, '{"word": "again"}')
        assert await pool.connection(server) is not held
        assert {"closed": True} in received(log)
    finally:
        tending.cancel()
        await pool.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:{port}/mcp", "in a private network"),
        ("http://localhost:{port}/mcp", "in a private network"),
        ("http://[::ffff:127.0.0.1]:{port}/mcp", "in a private network"),
        ("http://nobody.invalid/mcp", "no host of the server's name"),
    ],
)
async def test_private_addresses_are_not_reached(url: str, said: str, pool: Pool) -> None:
    async with pages({}) as served:
        with pytest.raises(ServerFailed, match=said):
            await pool.connection(Server("x", url=url.format(port=served.port)))
        assert served.asked == []


async def test_a_redirect_leads_nowhere_else(pool: Pool) -> None:
    async with pages({}) as other, pages({"/mcp": redirect("x")}) as served:
        served.answers = {"/mcp": redirect(other.url("/mcp")).replace(b"302 Found", b"307 Temporary Redirect")}
        with pytest.raises(ServerFailed):
            await pool.connection(Server("x", url=served.url("/mcp"), networks=LOOPBACK, headers=(("X-Key", "k"),)))
        assert "x-key: k" in served.asked[0].lower()
        assert other.asked == []


async def test_names_fit_and_schemas_are_checked(bad: Bad, pool: Pool) -> None:
    server = bad("odd-tools")
    listing = await pool.listing(server)
    made = toolset(server, listing.tools, pool.connection)
    names = [tool.name for tool in made.tools]
    assert names[:1] == ["bad__ok"]
    assert "bad__with_dot" in names
    assert len(names) == len(set(names)) == 10
    assert all(len(name) <= 64 for name in names)
    assert names == [tool.name for tool in toolset(server, listing.tools, pool.connection).tools]
    left_out = " ".join([*listing.left_out, *made.left_out])
    for said in (
        "ok: it is there twice",
        "yyy",
        "huge: its schema has more",
        "broken: its schema",
    ):
        assert said in left_out
    by_name = {tool.name: tool for tool in made.tools}
    assert by_name["bad__evil"].problems({"a": "a" * 50 + "!"}) == [], "a server's pattern cannot hold up the loop"
    assert "pattern" in by_name["bad__evil"].parameters["properties"]
    assert by_name["bad__loop"].problems({"a": 1})
    assert len(by_name["bad__bait"].description) == 1_000
