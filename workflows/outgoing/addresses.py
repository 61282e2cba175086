"""Which addresses a request may go to: public ones, and those that an administrator allowed.

Whatever the form of a name (decimal, octal, IPv6, a name of one's own in the DNS), what counts is the address that it
stands for at the moment of connecting, and the IPv4 address that may be inside an IPv6 one.
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# https://www.iana.org/assignments/iana-ipv6-special-registry
_NAT64: Final = IPv6Network("64:ff9b::/96")
_COMPATIBLE: Final = IPv6Network("::/96")
_TRANSLATED: Final = IPv6Network("::ffff:0:0:0/96")
_NEVER: Final[tuple[Network, ...]] = (
    # For protocols, documentation and routing, of which Python before 3.13 knows a part.
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv6Network("3fff::/20"),
    IPv6Network("5f00::/16"),
    # NAT64 for local use may lead anywhere in the local network (RFC 8215).
    IPv6Network("64:ff9b:1::/48"),
    # Site-local, deprecated and still routed inside (RFC 3879).
    IPv6Network("fec0::/10"),
    # Public by its number, but in Azure it is the host of the virtual machine.
    IPv4Network("168.63.129.16/32"),
)
_ISATAP: Final = 0x5EFE
"""Bits 32 to 63 of the interface identifier, but for the flags in front (RFC 5214)."""


def networks(names: Iterable[str]) -> tuple[Network, ...]:
    """Networks and addresses as an administrator writes them. Raises `ValueError`."""
    return tuple(ip_network(name.strip(), strict=False) for name in names)


def may_be_reached(address: str, allowed: Iterable[Network] = ()) -> bool:
    """Whether a request may go to this address. `allowed`: private networks that it may go to all the same."""
    # What follows a `%` is the interface, which changes nothing about what the address is.
    found = ip_address(address.partition("%")[0])
    inside = list(_embedded(found))
    if any(each in network for each in (found, *inside) for network in allowed):
        return True
    return all(_is_public(each) for each in inside) if inside else _is_public(found)


def _is_public(address: Address) -> bool:
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in network for network in _NEVER)
    )


def _embedded(address: Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that a packet to this address may be passed on to."""
    if isinstance(address, IPv4Address) or int(address) <= 1:
        return
    last = IPv4Address(int(address) & 0xFFFFFFFF)
    if address.ipv4_mapped or any(address in network for network in (_NAT64, _COMPATIBLE, _TRANSLATED)):
        yield last
    elif address.sixtofour:
        yield address.sixtofour
    elif address.teredo:
        yield from address.teredo
    elif (int(address) >> 32) & 0xFCFF_FFFF == _ISATAP:
        yield last
