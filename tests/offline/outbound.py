"""Turns an attempt to leave this machine into a refusal and a line in a log, in any Python process that calls `watch`.

A library that swallows the refusal is still found out by the line. Compiled code opens sockets unseen by audit hooks:
where only loopback exists, `unroutable` has the kernel's own count of attempts, whoever made them.
Imports little, since every Python child of the suite pays for it.
"""

import errno
import os
import sys
from pathlib import Path
from typing import Any

LOG = "OUTBOUND_LOG"
_LOCAL_NAMES = {None, "", "localhost", "::1", "::", "0.0.0.0"}  # the last two mean loopback to whoever connects
# The place of the address or host name among each event's arguments.
_EVENTS = {
    "socket.connect": 1,
    "socket.sendto": 1,
    "socket.sendmsg": 1,
    "socket.getaddrinfo": 0,
    "socket.gethostbyname": 0,
    "socket.gethostbyaddr": 0,
    "socket.getnameinfo": 0,
}


def watch() -> None:
    sys.addaudithook(_refuse)


def is_local(host: object) -> bool:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    number = str(name).removeprefix("::ffff:")
    return name in _LOCAL_NAMES or (number.startswith("127.") and number.replace(".", "").isdigit())


def attempts() -> list[str]:
    try:
        return Path(os.environ[LOG]).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def only_loopback() -> bool:
    """No route leads out, so that any attempt to leave is counted by `unroutable`."""
    try:
        return len(Path("/proc/net/route").read_text().splitlines()) <= 1
    except FileNotFoundError:
        return False


def unroutable() -> int:
    """Attempts the kernel had no route for, and datagrams to a port where nobody listens (a local name server's)."""
    lines = [line.split() for line in Path("/proc/net/snmp").read_text().splitlines()]
    counts = {
        heads[0] + head: int(count)
        for heads, row in zip(lines[::2], lines[1::2], strict=True)
        for head, count in zip(heads[1:], row[1:], strict=True)
    }
    return counts["Ip:OutNoRoutes"] + counts["Udp:NoPorts"] + _unroutable_v6()


def _unroutable_v6() -> int:
    try:
        counts = dict(line.split() for line in Path("/proc/net/snmp6").read_text().splitlines())
    except FileNotFoundError:
        return 0
    return int(counts["Ip6OutNoRoutes"]) + int(counts["Udp6NoPorts"])


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _EVENTS:
        return
    address = arguments[_EVENTS[event]]
    if event.startswith("socket.get") and event != "socket.getnameinfo":
        host = address
    elif isinstance(address, tuple):
        host = address[0]
    else:  # a Unix socket's path, or a datagram on a connected socket
        return
    if not is_local(host):
        _record(f"{event} {address!r} by {' '.join(sys.orig_argv)[:200]!r}")
        raise OSError(errno.ENETUNREACH, f"the tests allow loopback alone: {event} {address!r}")


def _record(line: str) -> None:
    if LOG not in os.environ:
        return
    log = os.open(os.environ[LOG], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(log, f"{line}\n".encode())
    finally:
        os.close(log)
