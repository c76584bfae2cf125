"""Turns a command into the same command where only loopback exists, if the system allows it: loopback.py COMMAND…"""

import fcntl
import os
import socket
import struct
import subprocess
import sys

INSIDE = "--inside"
# Chromium asks the kernel for a route to this address, to see whether IPv6 works, and sends nothing. It has no switch
# for that. As loopback's own address the question has an answer that is not counted as an attempt to leave.
CHROMIUM_PROBE = "2001:4860:4860::8888"


def main(arguments: list[str]) -> None:
    if arguments[0] == INSIDE:
        _raise_loopback()
        os.execvp(arguments[1], arguments[1:])
    if not _can_unshare():
        sys.stderr.write("loopback.py: no network namespace to be had; Python's connections alone are watched\n")
        os.execvp(arguments[0], arguments)
    os.execvp("unshare", ["unshare", "-rn", sys.executable, __file__, INSIDE, *arguments])


def _can_unshare() -> bool:
    try:
        return subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def _raise_loopback() -> None:
    """What `ip link set lo up` does; see netdevice(7), as `ip` is not on every machine."""
    set_interface_flags, set_address, interface_up = 0x8914, 0x8916, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as v4:
        fcntl.ioctl(v4, set_interface_flags, struct.pack("16sH14x", b"lo", interface_up))
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as v6:
            address = socket.inet_pton(socket.AF_INET6, CHROMIUM_PROBE)
            fcntl.ioctl(v6, set_address, struct.pack("16sIi", address, 128, socket.if_nametoindex("lo")))
    except OSError:  # a kernel without IPv6 has nothing to probe
        return


if __name__ == "__main__":
    main(sys.argv[1:])
