"""The documentation: its generated parts are those of today's code, its links lead somewhere, the README is short."""

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
RESULTS = json.loads((ROOT / "bench" / "results.json").read_text(encoding="utf-8"))
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:)([^)\s#]*)(?:#([^)\s]+))?\)")


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_generated_part_is_that_of_the_code(generator: ModuleType) -> None:
    texts = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in generator.pages()}
    assert set(re.findall(r"<!-- generated: (\w+)", "".join(texts.values()))) == set(generator.PARTS)
    assert [name for name, text in texts.items() if text != generator.generated(text)] == [], "run `make docs`"


def test_the_generated_parts_say_what_they_are_for(generator: ModuleType) -> None:
    assert "`RAG_EMBEDDINGS`" in generator.settings_table()
    for command in ("rag ingest", "rag ask", "rag collections rename", "rag eval retrieval", "rag train minilm"):
        assert f"## {command}\n\n```\nUsage: {command} [OPTIONS]" in generator.command_help()
    assert "`.pdf`" in generator.formats_table()
    assert re.search(r"^    settings\.py +\w", generator.package_tree(), re.MULTILINE)
    assert all(result["name"].partition(": ")[2] in generator.figures_tables() for result in RESULTS)


def test_every_recorded_result_says_how_and_where_it_was_measured() -> None:
    for result in RESULTS:
        assert set(result) - {"note"} == {"name", "command", "machine", "date", "values"}
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", result["date"])
        assert ": " in result["name"]
        assert result["values"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    named = re.findall(
        r"\b(?:bench|docs|ingest|prompts|rag_app|tests|vectorstore)/[\w/]*\w(?:\.\w+)+", page.read_text("utf-8")
    )
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    for target, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        path = page.parent / target if target else page
        assert path.exists(), target
        assert not anchor or anchor in anchors_of(path), f"{target}#{anchor}"


def anchors_of(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_reached_from_the_readme() -> None:
    reached, new = {ROOT / "README.md"}, {ROOT / "README.md"}
    while new:
        linked = {
            (page.parent / target).resolve()
            for page in new
            for target, _ in LINK.findall(page.read_text(encoding="utf-8"))
            if target.endswith(".md")
        }
        new, reached = linked - reached, reached | linked
    assert set(PAGES) <= reached


def test_the_readme_is_a_front_page() -> None:
    assert (ROOT / "README.md").stat().st_size <= 9_900


def test_every_way_that_a_format_is_read_is_one_of_three(generator: ModuleType) -> None:
    shown = [row for path in generator.READING_TESTS.rglob("test_*.py") for row in generator.shown_by(path)]
    assert shown
    assert {how for _, _, how, _ in shown} <= set(generator.HOW)
