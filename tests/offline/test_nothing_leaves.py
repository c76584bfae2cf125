"""The guard itself can fail: each way out is tried where it is expected to be caught."""

import subprocess
import sys
import textwrap
from pathlib import Path

import outbound
import pytest

HERE = Path(__file__).parent
# Documentation addresses (RFC 5737): nobody's.
CONNECT = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)"
RESOLVE = "import urllib.request as u; u.urlopen('http://example.invalid/')"
DATAGRAM = "import socket as s; s.socket(s.AF_INET, s.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))"
CONNECT_IN_C = """
import ctypes, socket, struct
libc = ctypes.CDLL(None)
address = struct.pack("=HH4s8x", socket.AF_INET, socket.htons(80), socket.inet_aton("192.0.2.1"))
assert libc.connect(libc.socket(socket.AF_INET, socket.SOCK_STREAM, 0), address, len(address)) == -1
"""


def _pytest_on(tmp_path: Path, body: str, *, prefix: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """A session of its own, under the same guard, with one test that does `body`."""
    test = "def test_it():\n" + textwrap.indent(textwrap.dedent(body), "    ")
    (tmp_path / "test_it.py").write_text(test, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --disable-plugin-autoload", encoding="utf-8")
    session = [*prefix, sys.executable, "-m", "pytest", "-p", "nothing_leaves"]
    return subprocess.run(session, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)


def _loopback(*command: str) -> tuple[str, ...]:
    return (sys.executable, str(HERE / "loopback.py"), *command)


@pytest.fixture
def namespace() -> tuple[str, ...]:
    if "namespace" in subprocess.run(_loopback("true"), capture_output=True, text=True, check=True).stderr:
        pytest.skip("this system gives no network namespace")
    return _loopback()


@pytest.mark.parametrize("attempt", [CONNECT, RESOLVE, DATAGRAM])
def test_a_swallowed_attempt_of_python_fails_the_test(tmp_path: Path, attempt: str) -> None:
    swallowed = f"try:\n    {attempt}\nexcept OSError: pass"
    session = _pytest_on(tmp_path, swallowed)
    assert session.returncode == pytest.ExitCode.TESTS_FAILED, session.stdout
    assert "attempts to leave this machine: 1 by Python" in session.stdout


def test_an_attempt_of_a_python_child_fails_the_test(tmp_path: Path) -> None:
    session = _pytest_on(tmp_path, f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {CONNECT!r}])")
    assert session.returncode == pytest.ExitCode.TESTS_FAILED, session.stdout
    assert "('192.0.2.1', 80)" in session.stdout


def test_an_attempt_of_compiled_code_fails_the_test(tmp_path: Path, namespace: tuple[str, ...]) -> None:
    session = _pytest_on(tmp_path, CONNECT_IN_C, prefix=namespace)
    assert session.returncode == pytest.ExitCode.TESTS_FAILED, session.stdout
    assert "attempts to leave this machine: 0 by Python, 1 counted by the kernel" in session.stdout


def test_an_attempt_after_the_last_test_fails_the_session(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        f"def pytest_sessionfinish():\n    try:\n        {CONNECT}\n    except OSError: pass\n",
        encoding="utf-8",
    )
    session = _pytest_on(tmp_path, "pass")
    assert session.returncode == pytest.ExitCode.TESTS_FAILED, session.stdout
    assert "1 passed" in session.stdout


def test_loopback_is_open(tmp_path: Path) -> None:
    session = _pytest_on(
        tmp_path,
        """
        import socket
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(("localhost", server.getsockname()[1])).close()
        """,
    )
    assert session.returncode == pytest.ExitCode.OK, session.stdout


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "::1", "localhost", b"localhost", "::ffff:127.0.0.1", None, ""], ids=repr
)
def test_this_machine_is_local(host: str | bytes | None) -> None:
    assert outbound.is_local(host)


@pytest.mark.parametrize("host", ["192.0.2.1", "127.example.com", "localhost.example.com", "10.0.0.1", "2001:db8::1"])
def test_another_machine_is_not_local(host: str) -> None:
    assert not outbound.is_local(host)
