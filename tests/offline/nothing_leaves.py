"""Turns an attempt to leave this machine, by a test or what it started, into that test's failure: a pytest plugin."""

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import outbound
import pytest

_counted = pytest.StashKey[tuple[int, int]]()


def pytest_configure(config: pytest.Config) -> None:
    folder = tempfile.mkdtemp(prefix="outbound-")
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    os.environ[outbound.LOG] = str(Path(folder, "attempts"))
    search_path = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, search_path))
    outbound.watch()
    config.stash[_counted] = _count()


def pytest_report_header() -> str:
    if outbound.only_loopback():
        return "network: loopback alone, and the kernel counts every attempt to leave it"
    return "network: refused to Python processes outside loopback (`make test` cuts it off, where the system allows it)"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    yield
    if new := _new_attempts(item.config):
        pytest.fail(new, pytrace=False)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """What was tried after the last test's check, by a process left running or a fixture of the session."""
    if new := _new_attempts(session.config):
        session.config.get_terminal_writer().line(f"\n{new}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _count() -> tuple[int, int]:
    return len(outbound.attempts()), outbound.unroutable() if outbound.only_loopback() else 0


def _new_attempts(config: pytest.Config) -> str:
    before, now = config.stash[_counted], _count()
    config.stash[_counted] = now
    seen, counted = now[0] - before[0], now[1] - before[1]
    if not seen and not counted:
        return ""
    lines = outbound.attempts()[before[0] : now[0]]
    return "\n  ".join([f"attempts to leave this machine: {seen} by Python, {counted} counted by the kernel", *lines])
