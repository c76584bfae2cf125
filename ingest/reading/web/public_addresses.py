"""From an IP address to whether it is a public one, whatever it is wrapped in."""

import ipaddress
import socket
from collections.abc import Iterator

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052; 64:ff9b:1::/48 of RFC 8215 is for private use
NAT64_LOCAL = ipaddress.IPv6Network("64:ff9b:1::/48")


def parse_address(text: str) -> IPAddress:
    """Raises ValueError. A zone, as in `fe80::1%eth0`, is no part of the address."""
    return ipaddress.ip_address(text.partition("%")[0])


def literal_address(host: str) -> IPAddress | None:
    """The address that a host spells, also as systems do: `2130706433` and `0x7f.1` are 127.0.0.1; None for a name."""
    try:
        return parse_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def is_public(address: IPAddress) -> bool:
    return all(_is_public_itself(each) for each in (address, *_wrapped(address)))


def _is_public_itself(address: IPAddress) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        if address in NAT64 or address.ipv4_mapped or address.sixtofour:
            return True  # what is wrapped decides
        if address in NAT64_LOCAL or address.is_site_local or address.teredo:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _wrapped(address: IPAddress) -> Iterator[ipaddress.IPv4Address]:
    """The IPv4 addresses that packets to an IPv6 address end at."""
    if isinstance(address, ipaddress.IPv4Address):
        return
    if address in NAT64:
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    for inner in (address.ipv4_mapped, address.sixtofour):
        if inner is not None:
            yield inner
