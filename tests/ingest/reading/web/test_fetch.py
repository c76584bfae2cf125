"""Pages fetched from a real server on loopback; what is private, too large, too slow or no page is refused."""

import gzip
import ipaddress
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ingest.chunking.chunks import ChunkSize
from ingest.reading.parsing import parse_document
from ingest.reading.read_source import ReadOptions, ReadRequest, read_source
from ingest.reading.web.fetch import GonePageError, fetch_page, is_public, normalize_url
from tests.hash_embedding import count_words
from vectorstore.errors import UnreadableFileError

PAGE = "<html><head><title>Café</title></head><body><p>The moon is a stone.</p></body></html>"
BOMB = gzip.compress(b"a" * 20_000_000)
# Of each path: status, headers, body.
ANSWERS: dict[str, tuple[int, dict[str, str], bytes]] = {
    "/moved": (301, {"Location": "/page#part"}, b""),
    "/circle": (302, {"Location": "/circle"}, b""),
    "/to-file": (302, {"Location": "file:///etc/passwd"}, b""),
    "/untyped": (200, {}, b"<!DOCTYPE html><p>x"),
    **{path: (code, {}, b"") for path, code in {"/missing": 404, "/gone": 410, "/secret": 403, "/broken": 503}.items()},
}
KOI8 = "<html><head><meta charset='latin-1'></head><p>Луна</p></html>".encode("koi8-r")
for path, kind, packed, body in (
    ("/page", "text/html; charset=utf-8", "", PAGE.encode()),
    ("/koi8", "text/html; charset=koi8-r", "", KOI8),
    ("/wrong-charset", "text/plain; charset=utf-8", "", "café".encode("latin-1")),
    ("/notes.md", "text/plain", "", b"# Notes\n\nOne."),
    ("/packed", "text/html", "gzip", gzip.compress(PAGE.encode())),
    ("/bomb", "text/plain", "gzip", BOMB),
    ("/damaged", "text/plain", "gzip", gzip.compress(b"a" * 99)[:-9]),
    ("/brotli", "text/plain", "br", b"x"),
    ("/large", "text/plain", "", b"a" * 200_000),
    ("/image", "image/png", "", b"\x89PNG"),
    ("/unnamed.pdf", "application/octet-stream", "", b"%PDF-1.4"),
    ("/feed", "application/atom+xml", "", b"<feed/>"),
):
    ANSWERS[path] = 200, {"Content-Type": kind, "Content-Encoding": packed or "identity"}, body


class Pages(BaseHTTPRequestHandler):
    asked: list[tuple[str, str, str]]

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["User-Agent"], self.headers["Host"]))
        if self.path == "/slow":
            self.drip()
            return
        status, headers, body = ANSWERS[self.path]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(OSError):  # the client may have had enough
            self.wfile.write(body)

    def drip(self) -> None:
        """A header that never ends, so that each single read is quick."""
        with suppress(OSError):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
            for _ in range(100):
                self.wfile.write(b"a")
                time.sleep(0.1)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Pages.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as httpd:
        httpd.daemon_threads = True
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_address[1]}"
        httpd.shutdown()
        thread.join()


def fetch(url: str, *, timeout_s: float = 20.0) -> tuple[str, bytes]:
    return fetch_page(url, max_bytes=100_000, timeout_s=timeout_s, allow_private=True)


def refusal(url: str, *, timeout_s: float = 20.0) -> str:
    with pytest.raises(UnreadableFileError) as caught:
        fetch(url, timeout_s=timeout_s)
    assert caught.value.hint
    assert isinstance(caught.value, GonePageError) == any(code in caught.value.message for code in ("404", "410"))
    return caught.value.message


def test_a_page_is_read_with_its_url_as_source_and_a_clear_user_agent(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # proxies of the environment are not used
    name, data = fetch(f"{server}/page#chapter")
    assert (name, data) == ("page.html", PAGE.encode())
    assert parse_document(Path(name), data).title == "Café"
    [(_, agent, host)] = Pages.asked
    assert agent.startswith("rag-app/")
    assert host == server.removeprefix("http://")
    assert fetch(f"{server}/moved") == ("moved.html", PAGE.encode())


def test_the_charset_of_the_header_wins_over_the_one_of_the_page_unless_it_is_wrong(server: str) -> None:
    name, data = fetch(f"{server}/koi8")
    assert "Луна" in parse_document(Path(name), data).pages[0].text
    assert fetch(f"{server}/wrong-charset")[1] == "café".encode("latin-1")


@pytest.mark.parametrize(
    ("path", "suffix"),
    [("/notes.md", ".md"), ("/unnamed.pdf", ".pdf"), ("/untyped", ".html"), ("/feed", ".xml"), ("/packed", ".html")],
)
def test_the_kind_is_what_the_server_says_else_what_the_name_or_the_bytes_say(
    server: str, path: str, suffix: str
) -> None:
    name, data = fetch(server + path)
    assert Path(name).suffix == suffix
    assert path != "/packed" or data == PAGE.encode()


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/bomb", "over the size bound of 0.1 MB"),
        ("/large", "over the size bound of 0.1 MB"),
        ("/damaged", "the page broke off"),
        ("/brotli", "packs the page in a way that is not read"),
        ("/image", "not text: image/png"),
        ("/missing", "the server says 404 Not Found"),
        ("/gone", "the server says 410 Gone"),
        ("/secret", "the server says 403 Forbidden"),
        ("/broken", "the server says 503 Service Unavailable"),
        ("/circle", "redirects more than 5 times"),
        ("/to-file", "no page of the web"),
    ],
)
def test_what_cannot_be_read_is_explained(server: str, path: str, message: str) -> None:
    assert message in refusal(server + path)


def test_a_url_is_a_source_without_a_stamp_or_gone_with_the_reason(server: str) -> None:
    options = ReadOptions(ChunkSize(60, 254, count_words), 100_000, allow_private_urls=True)
    read = read_source(ReadRequest(f"{server}/page", None), options)
    assert read.item is not None
    record = read.item.record
    assert (record.source, record.size, record.stamp) == (f"{server}/page", len(PAGE.encode()), 0)
    assert read_source(ReadRequest(record.source, None, record.content_hash), options).outcome == "same"
    gone = read_source(ReadRequest(f"{server}/gone", None), options)
    reason = "the server says 410 Gone (check the address in a browser)"
    assert (gone.outcome, gone.reason, gone.is_final) == ("gone", reason, False)


def test_servers_that_never_finish_are_not_there_or_have_no_tls_are_explained(server: str) -> None:
    began = time.monotonic()
    assert "did not finish within 0.5 s" in refusal(f"{server}/slow", timeout_s=0.5)
    assert time.monotonic() - began < 8  # of the ten seconds that it drips
    assert "does not answer" in refusal("http://127.0.0.1:9/")
    assert "secure connection" in refusal(server.replace("http:", "https:"))


PRIVATE = (
    "127.0.0.1 localhost 10.0.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255 2130706433 "
    "0x7f.1 017700000001 [::1] [::] [fe80::1] [fd00::1] [ff02::1] [fec0::1] [::ffff:10.0.0.1] [64:ff9b::7f00:1] "
    "[64:ff9b:1::1] [2002:7f00:1::] [::127.0.0.1]"
)


@pytest.mark.parametrize("host", PRIVATE.split())
def test_private_addresses_are_refused_however_they_are_spelled(host: str) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        fetch_page(f"http://{host}/", max_bytes=1000, timeout_s=10)
    assert "is a private address" in caught.value.message
    assert "RAG_ALLOW_PRIVATE_URLS=true" in caught.value.hint


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111", "64:ff9b::5db8:d822", "::ffff:93.184.216.34"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("url", ["ftp://example.org/", "http://", "http://[::1", "https://me:secret@example.org/"])
def test_what_is_no_url_of_a_page_is_refused(url: str) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        normalize_url(url)
    assert "secret" not in caught.value.message


def test_urls_are_distinguished_by_what_matters() -> None:
    assert normalize_url("HTTP://Example.org:80#top") == "http://example.org/"
    assert normalize_url("https://example.org?b=c") == "https://example.org/?b=c"
    assert normalize_url("https://example.org/a?b=c#d") == "https://example.org/a?b=c"
