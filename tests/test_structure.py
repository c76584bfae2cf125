"""The repository keeps its own rules: small files, commented targets, imports one way, a README that is true."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench import house

ROOT = Path(__file__).parents[1]
PACKAGES = ("ingest", "prompts", "rag_app", "vectorstore")
CODE = sorted(
    path
    for folder in (*PACKAGES, "tests")
    for suffix in ("py", "css", "js", "html")
    for path in (ROOT / folder).rglob(f"*.{suffix}")
    if "samples" not in path.parts
)

MODULES = [path for path in CODE if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in PACKAGES]


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_has_more_than_300_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


FORMULAS = re.compile(
    r"(from\b.*\bto\b|what\b|how\b|where\b|when\b|which\b|.*\bturned into\b|an? [\w' ]+ to an? )", re.IGNORECASE
)
UNCLEAR = re.compile(r"\b(told|tells?|stands?|beside|anew|taken|meant)\b", re.IGNORECASE)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_plainly_what_it_does(path: Path) -> None:
    """Verb, object, the field's terms: "Splits pages into chunks", not "From pages to chunks"."""
    first = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n\n")[0]
    assert not FORMULAS.match(first), first
    assert not UNCLEAR.search(first), first


def test_pyproject_has_fewer_than_150_lines() -> None:
    assert len((ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()) < 150


def test_every_make_target_says_what_it_does() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z][a-z-]*):(.*)$", makefile, re.MULTILINE)
    assert {"run", "test", "test-all", "format", "lint", "docs", "clean"} <= {name for name, _ in targets}
    assert [name for name, rest in targets if "  ## " not in rest] == []


# Less is better: lower these with the project.
MOST = {
    "modules": 192,
    "lines": 28_500,
    "modules in the fullest folder": 9,
    "modules in rag_app itself": 8,
    "import circles between files": 0,
    "import circles between folders": 0,
    "files that one question visits": 28,
    "bytes of the README": 10_000,
}


@pytest.mark.long("answers a question with every call traced")
def test_the_project_does_not_grow_unnoticed() -> None:
    sizes = {name: value for name, value, *_ in house.figures()}
    assert sizes.keys() == MOST.keys()
    assert {name: value for name, value in sizes.items() if value > MOST[name]} == {}


def test_imports_go_one_way() -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([lint_imports], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_example_of_settings_exists() -> None:
    assert (ROOT / ".env.example").is_file()


def test_every_path_of_the_readme_tree_exists() -> None:
    assert [path for path in _readme_tree() if not (ROOT / path).exists()] == []


def test_the_readme_tree_names_every_folder_of_the_four_packages() -> None:
    named = set(_readme_tree())
    folders = [path.parent.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).glob("*/__init__.py")]
    assert [str(folder) for folder in folders if folder not in named] == []


def _readme_tree() -> list[Path]:
    """The paths of the README's tree: the fenced block with a line that begins `rag_app/`, two spaces or more a level.

    A line is a name, then, after two spaces or more, what it is for.
    """
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    tree = next((block for block in blocks if re.search(r"^\W*rag_app/", block, re.MULTILINE)), None)
    assert tree is not None, "the README has no tree with a line for rag_app/"
    return _paths(tree)


def _paths(tree: str) -> list[Path]:
    paths: list[Path] = []
    open_folders: list[tuple[int, Path]] = []
    for line in filter(str.strip, tree.splitlines()):
        drawn = re.match(r"[\s│├└─]*", line)
        depth = drawn.end() if drawn else 0
        open_folders = [folder for folder in open_folders if folder[0] < depth]
        parent = open_folders[-1][1] if open_folders else Path()
        path = parent / line[depth:].split()[0]
        paths.append(path)
        open_folders.append((depth, path))
    return paths
