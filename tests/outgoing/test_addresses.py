"""Which addresses a request may go to."""

import pytest

from workflows.outgoing.addresses import may_be_reached, networks
from workflows.outgoing.hosts import is_allowed

PUBLIC = [
    "93.184.215.14",
    "1.1.1.1",
    "2606:2800:21f:cb07:6820:80da:af6b:8b2c",
    "64:ff9b::5db8:d70e",
    "2002:5db8:d70e::1",
]

PRIVATE = [
    *("127.0.0.1", "127.8.9.10", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.8", "192.0.2.1", "198.18.0.1"),
    *("198.51.100.7", "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *(
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "2001:db8::1",
        "100::1",
    ),
    # IPv4 inside of IPv6: mapped, compatible, translated, 6to4, NAT64, Teredo, ISATAP.
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "::ffff:0:10.0.0.1", "2002:7f00:1::", "2002:a00:1::1"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::5db8:d70e", "2001:0:7f00:1::1"),
    *("2606:2800::5efe:10.0.0.1", "2606:2800::200:5efe:127.0.0.1"),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_reached(address: str) -> None:
    assert may_be_reached(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_no_other_may_in_whatever_form(address: str) -> None:
    assert not may_be_reached(address)


def test_an_administrator_may_allow_private_networks() -> None:
    allowed = networks(["10.1.0.0/16", " 192.168.7.7 ", "fd00:1::/32"])
    assert may_be_reached("10.1.2.3", allowed)
    assert may_be_reached("::ffff:10.1.2.3", allowed)
    assert may_be_reached("192.168.7.7", allowed)
    assert may_be_reached("fd00:1::7", allowed)
    assert not may_be_reached("10.2.0.1", allowed)
    assert not may_be_reached("192.168.7.8", allowed)
    with pytest.raises(ValueError, match="not appear to be"):
        networks(["somewhere"])


@pytest.mark.parametrize(
    ("host", "patterns", "expected"),
    [
        ("example.org", ["example.org"], True),
        ("EXAMPLE.org.", ["example.org"], True),
        ("www.example.org", ["example.org"], False),
        ("www.example.org", ["*.example.org"], True),
        ("example.org", ["*.example.org"], False),
        ("evilexample.org", ["*.example.org"], False),
        ("anything.test", ["*"], True),
        ("anything.test", [], False),
    ],
)
def test_hosts_are_allowed_by_name(host: str, patterns: list[str], expected: bool) -> None:
    assert is_allowed(host, patterns) is expected
