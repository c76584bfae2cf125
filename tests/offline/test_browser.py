"""Chromium asks this machine alone, and a page that asks another one is found out."""

import subprocess
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]


@pytest.mark.browser
def test_chromium_opens_a_page_of_this_machine_and_tries_to_leave_it_nowhere(page: "Page", tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<h1>Here</h1>", encoding="utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        page.goto(f"http://localhost:{server.server_port}/")
        assert page.get_by_role("heading").inner_text() == "Here"
        server.shutdown()


@pytest.mark.browser
@pytest.mark.usefixtures("browser")  # skipped where there is none
def test_a_page_that_asks_another_host_fails_its_test(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        """def test_it(page): page.set_content('<img src="http://192.0.2.1/pixel.png">')""", encoding="utf-8"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --disable-plugin-autoload", encoding="utf-8")
    session = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.conftest"],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests' / 'offline'}", "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert session.returncode == pytest.ExitCode.TESTS_FAILED, session.stdout
    assert "http://192.0.2.1/pixel.png" in session.stdout
