"""Decides whether an IP address is public, whatever it is wrapped in."""

import ipaddress
import socket

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052
NAT64_LOCAL = ipaddress.IPv6Network("64:ff9b:1::/48")  # RFC 8215, for private use


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
    """Of an IPv6 address that wraps IPv4 ones, the addresses that packets to it end at decide."""
    if isinstance(address, ipaddress.IPv6Address):
        wrapped = [inner for inner in (address.ipv4_mapped, address.sixtofour) if inner is not None]
        if address in NAT64:
            wrapped.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if wrapped:
            return all(map(is_public, wrapped))
        if address in NAT64_LOCAL or address.is_site_local or address.teredo:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved)
