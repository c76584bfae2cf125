"""The page served by the real command line, and what a person does on it."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

pytest.importorskip("playwright.sync_api", reason="drives the page: pip install 'rag-app[dev]'")
from playwright.sync_api import Page, expect

PATIENCE_S = 60.0


def ask(page: Page, url: str | None, question: str) -> None:
    """Ask and wait until the outcome is there; with an address, on a fresh page."""
    if url:
        page.goto(url)
    outcomes = page.get_by_text(re.compile("^Answered by |^Try again$"))
    answered = outcomes.count()
    send(page, question)
    expect(outcomes).to_have_count(answered + 1)


def send(page: Page, question: str) -> None:
    box = page.get_by_role("textbox", name="Ask about your documents")
    box.fill(question)
    box.press("Enter")


@contextmanager
def served(data_dir: Path, collection: str, *, log: Path, **settings: str) -> Iterator[str]:
    """`rag chat` in a process of its own, for the time of the `with`; yields the page's address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "rag_app.commands.main", "chat", "--collection", collection, "--port", str(port)]
    environment = {**os.environ, **settings, "RAG_DATA_DIR": str(data_dir), "STREAMLIT_SERVER_HEADLESS": "true"}
    with log.open("wb") as output:
        server = subprocess.Popen(command, env=environment, cwd=log.parent, stdout=output, stderr=output)
        try:
            wait_for(f"http://localhost:{port}/_stcore/health", server, log)
            yield f"http://localhost:{port}"
        finally:
            server.terminate()
            server.wait(timeout=30)
    assert "Traceback" not in log.read_text(encoding="utf-8")


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urlopen(url, timeout=5):
                return
        except OSError:  # refused, or slowed down by other processes
            time.sleep(0.1)
    pytest.fail(f"the page was not served:\n{log.read_text(encoding='utf-8')}")
