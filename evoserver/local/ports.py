"""Ports: is the one that was asked for free, and which other ones are."""

import errno
import random
import socket

from evoserver.local.errors import LocalError

# Below Linux's range for outgoing connections (32768 and up), so that none of those takes a port while the process
# that it belongs to is being restarted.
INTERNAL_PORTS = range(20_000, 32_000)


def free_port() -> int:
    """A loopback port that nobody listens on at the moment.

    Raises LocalError if there seems to be none.
    """
    for port in random.sample(INTERNAL_PORTS, 200):
        try:
            _bind(socket.AF_INET, ("127.0.0.1", port))
        except OSError:
            continue
        return port
    raise LocalError("no free port was found on 127.0.0.1 between 20000 and 32000.")


def check_server_port(host: str, port: int) -> None:
    """Raises LocalError that names SERVER_HOST or SERVER_PORT if a server cannot listen there."""
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise LocalError(f"SERVER_HOST {host!r} is not an address of this machine, nor a name of one.") from None
    family, _, _, _, address = addresses[0]
    try:
        _bind(family, address)
    except OSError as error:
        raise LocalError(_reason(error, host, port)) from None


def _bind(family: int, address: tuple[object, ...]) -> None:
    """Take the address as a server would, and give it back."""
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        probe.listen(1)


def _reason(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is taken: set SERVER_PORT to another one, or stop what listens there."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"port {port} is reserved for the administrator: set SERVER_PORT to one above 1023."
    return f"SERVER_HOST {host!r} is not an address of this machine ({error.strerror})."
