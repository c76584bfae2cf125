"""Reading a document fetches nothing it links to, reads no file it names and leaves nothing behind."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.ingest.documents import WEB_PAGE, parse, text_of, word, workbook


@pytest.fixture
def requests_seen() -> Iterator[tuple[str, list[str]]]:
    seen: list[str] = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_error(404)

    server = HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()
    server.server_close()


def test_nothing_that_a_document_links_to_is_fetched(requests_seen: tuple[str, list[str]]) -> None:
    url, seen = requests_seen
    page = (
        f'<html><head><base href="{url}/"><link rel="stylesheet" href="{url}/a.css"><script src="{url}/a.js"></script>'
        f'</head><body><p>Words</p><img src="{url}/a.png" alt=""><iframe src="{url}/frame"></iframe></body></html>'
    )
    xml = f'<!DOCTYPE r [<!ENTITY e SYSTEM "{url}/entity">]><r>Words &e;</r>'
    assert text_of("a.html", page) == "Words"
    assert "Words" in text_of("a.xml", xml)
    assert seen == []


def test_an_entity_that_names_a_file_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    xml = f'<!DOCTYPE r [<!ENTITY e SYSTEM "{secret.as_uri()}">]><r>Words &e;</r>'
    assert "secret" not in text_of("a.xml", xml).replace(secret.as_uri(), "")


def test_reading_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HOME", "XDG_CACHE_HOME", "TMPDIR"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    parse("a.docx", word("Some more."))
    parse("a.xlsx", workbook())
    parse("a.html", WEB_PAGE)
    parse("a.go", "package a")
    assert list(tmp_path.rglob("*")) == []
