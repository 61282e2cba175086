"""What a process holds: threads, open files, connections, by what is at their other end."""

from collections import Counter
from urllib.parse import urlsplit

import psutil

from tests.history.history import Footprint
from tests.history.world import Member, World


def footprint(world: World, member: Member) -> Footprint:
    """Of the process that fills this place now. `files` are those that are no connection over the network."""
    process = psutil.Process(member.process.pid)
    ends = {
        urlsplit(world.engines.postgres.url).port: "database",
        urlsplit(world.engines.redis.url).port: "redis",
        urlsplit(world.model_url).port: "model",
    }
    own = {urlsplit(url).port for url in world.urls}
    connections = [found for found in process.net_connections("inet") if found.raddr]
    held = Counter(
        "clients" if found.laddr.port in own else ends.get(found.raddr.port, "files") for found in connections
    )
    return Footprint(
        process=member.name,
        threads=process.num_threads(),
        files=process.num_fds() - len(connections) + held.pop("files", 0),
        **held,
    )
