"""What every test has: an empty data folder, no settings but its own, the command line, the samples, a browser."""

import os
import shutil
import subprocess
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import outbound
import pytest

from tests.chroma_server import ChromaServer
from tests.command_line import run_rag

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytest_plugins = ["nothing_leaves"]

ROOT = Path(__file__).parents[1]
SCREENSHOTS = ROOT / "build" / "screenshots"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
# Playwright's own defaults keep Chromium from updating and reporting; without this rule it still looks up hosts.
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",  # root, as in a container or a namespace, has no sandbox
    "--disable-quic",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
# Settings, keys and switches of whoever runs the tests. The last ones would quieten libraries in our place.
FOREIGN_PREFIXES = ("RAG_", "OPENAI_", "LANGCHAIN_", "LANGSMITH_", "STREAMLIT_", "CHROMA_", "HF_")
FOREIGN_NAMES = ("CI", "DO_NOT_TRACK", "ANONYMIZED_TELEMETRY", "TRANSFORMERS_OFFLINE")
LONGEST = 30.0  # seconds of a test that says nothing; a busy machine takes up to ten times as long as a quiet one
REASONS = ("long", "browser", "slow")  # the marks that say why a test takes longer
IN_PARALLEL = "PYTEST_XDIST_WORKER" in os.environ


class CommandLine(Protocol):
    def __call__(self, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]: ...


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--chroma-server", action="store_true", help="keep vectors on a Chroma server of this session")


def pytest_configure(config: pytest.Config) -> None:
    marker = "shows(kinds, what, how, note=''): proves a line of docs/reference/formats.md; how: read, marked, left out"
    config.addinivalue_line("markers", marker)
    for name in list(os.environ):
        foreign = name.startswith(FOREIGN_PREFIXES) or name in FOREIGN_NAMES or name.lower().endswith("_proxy")
        if foreign:
            del os.environ[name]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fails a test that takes long and does not say why. One that is run alone may have to import torch first."""
    report = yield
    explained = any(item.get_closest_marker(name) for name in REASONS)
    if IN_PARALLEL and report.when == "call" and report.passed and not explained and report.duration > LONGEST:
        report.outcome = "failed"
        report.longrepr = f"took {report.duration:.1f} s: make it quicker, or say why: @pytest.mark.long('...')"
    return report


@pytest.fixture(scope="session", autouse=True)
def _torch_imported() -> None:
    """Else the first test that needs it takes seconds longer than the same test as a second."""
    if IN_PARALLEL:
        import sentence_transformers  # noqa: F401


@pytest.fixture(scope="session", autouse=True)
def _session_data_dir(tmp_path_factory: pytest.TempPathFactory) -> None:
    """For fixtures wider than one test: never the data of whoever runs the tests."""
    os.environ["RAG_DATA_DIR"] = str(tmp_path_factory.mktemp("session-data"))
    # Of the cache folder, which is the real one for the sake of the converted model, nothing else is taken.
    os.environ["RAG_VECTOR_CACHE_MB"] = "0"


@pytest.fixture(scope="session", autouse=True)
def chroma_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str | None]:
    """Where the vectors of all tests are under --chroma-server: RAG_CHROMA_URL, for processes of their own too."""
    if not request.config.getoption("--chroma-server"):
        yield None
        return
    with ChromaServer(tmp_path_factory.mktemp("chroma-server")) as server:
        os.environ["RAG_CHROMA_URL"] = server.url
        yield server.url
        del os.environ["RAG_CHROMA_URL"]


@pytest.fixture(autouse=True)
def _isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty data folder and no `.env`. The user's cache stays, so that the model is converted once a machine."""
    monkeypatch.setenv("RAG_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def rag(tmp_path: Path) -> CommandLine:
    """The command line in a process of its own, its settings given as keywords: rag("ask", "Who?", RAG_TOP_K="3")."""

    def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        return run_rag([str(argument) for argument in arguments], cwd=tmp_path, environment=environment)

    return run


@pytest.fixture(scope="session")
def samples_dir() -> Path:
    return ROOT / "rag_app" / "samples" / "documents"


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.clip_model import make_clip  # seconds that only the tests of pictures pay

    return make_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="session")
def unconverted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny encoder pooled by the maximum: it stays on torch. Its name is that of a family with prompts."""
    from tests.tiny_encoder import make_tiny_encoder  # imports torch: seconds

    return make_tiny_encoder(tmp_path_factory.mktemp("max") / "tiny-e5-encoder", pooling="max")


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """Not for the whole session: while Playwright's loop is open, `asyncio.run` fails in every other test."""
    chromium = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if chromium is None:
        pytest.skip("no Chromium: apt-get install chromium")
    from playwright.sync_api import sync_playwright  # 0.3 s that only the page's tests pay

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: "Browser", request: pytest.FixtureRequest) -> "Iterator[Page]":
    """A page in a fresh profile, pictured at the end of the test; a request to another host than this one fails it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    requested: list[str] = []
    context.on("request", lambda request: requested.append(request.url))
    page = context.new_page()
    page.on("websocket", lambda socket: requested.append(socket.url))
    yield page
    page.screenshot(path=SCREENSHOTS / f"{request.node.name[:120]}.png")
    context.close()
    assert [url for url in requested if not outbound.is_local(urlsplit(url).hostname)] == []
