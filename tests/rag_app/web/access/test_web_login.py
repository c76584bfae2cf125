"""The page behind a password, in a real browser: what is refused without it, and what it opens, and where."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Page, WebSocket, expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from rag_app import Settings
from tests.rag_app.browsing import ask, served

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.usefixtures("patience")]
PASSWORD = "correct horse battery staple"
KEY = "sk-the-key-of-the-tests-1931"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("locked-log") / "log"


@pytest.fixture(scope="module")
def url(samples_settings: Settings, log: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    data_dir = tmp_path_factory.mktemp("locked") / "data"
    shutil.copytree(samples_settings.data_dir, data_dir)
    with served(data_dir, "samples", log=log, RAG_PASSWORD=PASSWORD, OPENAI_API_KEY=KEY) as address:
        yield address


def log_in(page: Page, password: str = PASSWORD) -> None:
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def status(url: str, path: str, method: str = "GET", data: bytes | None = None, **headers: str) -> int:
    try:
        with urlopen(Request(url + path, data, headers, method=method), timeout=30) as response:
            return int(response.status)
    except HTTPError as error:
        return error.code


def open_websocket(url: str, *, origin: str, cookie: str = "") -> None:
    """Raises InvalidStatus where the handshake is refused."""
    address = f"{url.replace('http', 'ws')}/_stcore/stream"
    with connect(address, origin=Origin(origin), additional_headers={"Cookie": cookie}, open_timeout=30):
        pass


def test_without_the_password_nothing_of_any_page_reaches_the_browser(page: Page, url: str) -> None:
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    for path in ("", "/history", "/settings?collection=samples", "/chat?conversation=0"):
        page.goto(url + path)
        expect(page.get_by_label("Password")).to_be_focused()
        assert page.locator("body").inner_text().split() == ["Ask", "your", "documents", "Password", "Log", "in"]
    assert sockets == []
    closed = ("/_stcore/metrics", "/_stcore/host-config", "/media/a.md", "/component/a", "/logout", "//_stcore/metrics")
    assert {path: status(url, path) for path in closed} == dict.fromkeys(closed, 401)
    assert status(url, "/_stcore/upload_file/a/b", "PUT") == 401
    assert status(url, "/_stcore/metrics", Host="localhost/_stcore/health?") == 401
    with pytest.raises(InvalidStatus, match="403"):
        open_websocket(url, origin=url)


def test_the_password_opens_the_web_app_in_this_browser_until_log_out_and_no_secret_leaves(
    page: Page, url: str, browser: Browser, log: Path
) -> None:
    asked: list[str] = []
    frames: list[bytes] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: listen(socket, asked, frames))
    page.goto(f"{url}/settings?collection=samples")
    log_in(page, "correct horse battery stable")
    expect(page.get_by_role("alert")).to_have_text("That is not the password.")
    log_in(page)
    for name in ("RAG_PASSWORD", "OPENAI_API_KEY"):
        expect(page.get_by_role("row").filter(has_text=name)).to_contain_text("set")
    assert urlsplit(page.url).path == "/settings"
    expect(page.locator(".st-key-checks")).to_be_visible()
    ask(page, url, "What did the 1202 alarm mean?")
    page.get_by_role("button", name="Source 1").click()
    expect(page.get_by_role("region", name="Source")).to_be_visible()
    sent = b"\n".join(frames)
    assert b"Guidance Computer" in sent, "the frames were not heard"
    known = [sent.decode("latin-1"), page.content(), log.read_text(encoding="utf-8")]
    assert [secret for secret in (PASSWORD, KEY) if any(secret in text for text in known)] == []
    own = urlsplit(url).netloc
    assert {urlsplit(address).netloc for address in asked if not address.startswith(("data:", "blob:"))} == {own}

    (cookie,) = (one for one in page.context.cookies() if one["name"].startswith("rag-login-"))
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["expires"]) == (True, "Lax", -1)
    word = f"{cookie['name']}={cookie['value']}"
    open_websocket(url, origin=url, cookie=word)
    for foreign in ("http://localhost:1", "http://example.org", "null"):
        with pytest.raises(InvalidStatus, match="403"):
            open_websocket(url, origin=foreign, cookie=word)
    with browser.new_context() as other:
        elsewhere = other.new_page()
        elsewhere.goto(url)
        expect(elsewhere.get_by_label("Password")).to_be_visible()
    second = page.context.new_page()
    second.goto(url)
    expect(second.get_by_role("button", name="Log out")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    expect(second.get_by_label("Password")).to_be_visible()
    assert status(url, "/", Cookie=word) == 401


def listen(socket: WebSocket, asked: list[str], frames: list[bytes]) -> None:
    asked.append(socket.url)
    socket.on("framereceived", lambda frame: frames.append(frame if isinstance(frame, bytes) else frame.encode()))
    socket.on("framesent", lambda frame: frames.append(frame if isinstance(frame, bytes) else frame.encode()))


def test_after_several_wrong_passwords_even_the_right_one_must_wait(page: Page, url: str) -> None:
    page.goto(url)
    alert = page.get_by_role("alert")
    for _ in range(10):
        log_in(page, "guessed")
        expect(alert).not_to_be_empty()
        if alert.inner_text().startswith("Too many tries"):
            break
    expect(alert).to_have_text(re.compile(r"Too many tries\. Wait [1-9]\d* s, then try again\."))
    assert status(url, "/", "POST", data=f"password={quote(PASSWORD)}".encode()) == 429
    page.wait_for_timeout(1_000 * int(re.findall(r"\d+", alert.inner_text())[0]))
    log_in(page)
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
