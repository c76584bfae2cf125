"""Writes the generated parts of the documentation: `make docs`.

A part is what lies between `<!-- generated: NAME -->` and `<!-- end -->` in a file of docs/.
"""

import ast
import json
import operator
import re
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from typer.main import get_command
from typer.testing import CliRunner

from ingest.reading import file_types
from rag_app.commands.main import app
from rag_app.settings import Settings

DOCS = Path(__file__).parent
ROOT = DOCS.parent
PACKAGES = ("vectorstore", "ingest", "prompts", "rag_app")
READING_TESTS = ROOT / "tests" / "ingest" / "reading"
HOW = ("read", "marked", "left out")
HELP_WIDTH = 100
DEFAULT_FOLDERS = {"data_dir": "the user's data folder", "cache_dir": "the user's cache folder"}
# What is read, by the kinds of ingest/reading/kinds.toml, and the extra that it needs.
FORMATS = {
    "PDF": "pdf",
    "Markdown": "markdown",
    "Text": "text",
    "Source code and data as text": "code",
    "Word processing": "docx doc odt fodt sxw rtf wpd hwp hwpx xps",
    "Spreadsheets and tables": "xlsx xls xlsb ods fods csv tsv dbf",
    "Slides": "pptx ppt odp fodp",
    "Web pages and XML": "html xml opml",
    "Books": "epub fb2",
    "E-mail": "eml msg mbox",
    "Notebooks": "ipynb",
    "Subtitles": "vtt srt",
    "Archives": "zip tar gz bz2 xz",
    "Pictures": "image",
    "Audio and video": "recording",
    "DNA, RNA and protein records": "fasta genbank",
}
EXTRAS = {"image": "ocr", "recording": "sound", "fasta": "bio"}


def table_row(*cells: str) -> str:
    """A bar within a cell would end it, within code too."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def settings_table() -> str:
    lines = ["| setting | default | what it is |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = DEFAULT_FOLDERS.get(name) or (f"`{field.default}`" if field.default is not None else "unset")
        lines.append(table_row(f"`RAG_{name.upper()}`", default, field.description or ""))
    return "\n".join(lines)


def command_help() -> str:
    """A table of the commands, then the help of each."""
    commands = list(command_paths(get_command(app)))
    rows = [
        table_row(f"[{name}](#{name.replace(' ', '-')})", what.get_short_help_str(limit=200)) for name, what in commands
    ]
    parts = [f"## {name}\n\n```\n{help_text(name)}\n```" for name, _ in commands]
    return "\n\n".join(["\n".join(["| command | what it does |", "|---|---|", *rows]), *parts])


def command_paths(command: Any, path: str = "rag") -> Iterator[tuple[str, Any]]:
    for name, child in getattr(command, "commands", {}).items():
        yield f"{path} {name}", child
        yield from command_paths(child, f"{path} {name}")


def help_text(name: str) -> str:
    arguments, environment = [*name.split()[1:], "--help"], {"NO_COLOR": "1", "TERMINAL_WIDTH": None}
    result = CliRunner().invoke(app, arguments, prog_name="rag", env=environment, terminal_width=HELP_WIDTH)
    assert result.exit_code == 0, result.output
    return "\n".join(line.rstrip() for line in result.output.strip().splitlines())


def formats_table() -> str:
    suffixes: dict[str, list[str]] = {}
    for suffix, kind in file_types._KIND_OF_SUFFIX.items():
        suffixes.setdefault(kind, []).append(suffix)
    unlisted = set(suffixes) - set(" ".join(FORMATS.values()).split())
    assert not unlisted, f"FORMATS lacks the kinds {sorted(unlisted)}"
    lines = ["| what | file names end in | extra |", "|---|---|---|"]
    for name, kinds in FORMATS.items():
        endings = sorted(suffix for kind in kinds.split() for suffix in suffixes.get(kind, ()))
        extra = EXTRAS.get(kinds.split()[0])
        lines.append(table_row(name, " ".join(f"`{one}`" for one in endings), f"`{extra}`" if extra else ""))
    return "\n".join(lines)


def contents_tables() -> str:
    """What of each format is read, marked and left out, as the tests say that show it: `@pytest.mark.shows`."""
    kinds_of: dict[tuple[str, str, str], set[str]] = {}  # the same of several kinds is one line
    for path in sorted(READING_TESTS.rglob("test_*.py")):
        for kinds, what, how, note in shown_by(path):
            kinds_of.setdefault((how, what, note), set()).update(kinds.split())
    unlisted = set().union(*kinds_of.values()) - set(" ".join(FORMATS.values()).split())
    assert not unlisted, f"FORMATS lacks the kinds {sorted(unlisted)}"
    parts = []
    for name, kinds in FORMATS.items():
        rows = []
        for how, what, note in sorted(kinds_of, key=lambda row: (HOW.index(row[0]), row)):
            where = [kind for kind in kinds.split() if kind in kinds_of[how, what, note]]
            rows += [table_row(what, ", ".join(where), how, note)] if where else []
        head = [f"### {name}", "", "| what | where | is | how |", "|---|---|---|---|"]
        parts += ["\n".join([*head, *rows])] if rows else []
    return "\n\n".join(parts)


def shown_by(path: Path) -> Iterator[tuple[str, str, str, str]]:
    """Kinds, what, how and a note of each `@pytest.mark.shows(...)` of a file of tests."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.shows":
            kinds, what, how, note = [*(ast.literal_eval(argument) for argument in node.args), ""][:4]
            yield kinds, what, how, note


def package_tree() -> str:
    """Every folder and module of the four packages with the first line of its docstring."""
    return "```\n" + "\n".join(line for package in PACKAGES for line in tree_lines(ROOT / package, 0)) + "\n```"


def tree_lines(folder: Path, depth: int) -> Iterator[str]:
    yield tree_line(f"{folder.name}/", first_line(folder / "__init__.py"), depth)
    for path in sorted(folder.glob("*.py")):
        if path.name != "__init__.py":
            yield tree_line(path.name, first_line(path), depth + 1)
    for path in sorted(folder.iterdir()):
        if (path / "__init__.py").exists():
            yield from tree_lines(path, depth + 1)


def tree_line(name: str, text: str, depth: int) -> str:
    return f"{'    ' * depth}{name:<{max(40 - 4 * depth, 1)}}  {text}".rstrip()


def first_line(path: Path) -> str:
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def figures_tables() -> str:
    """The newest measurement of each name; those of other machines stay in the file."""
    results = json.loads((ROOT / "bench" / "results.json").read_text(encoding="utf-8"))
    newest = {result["name"]: result for result in sorted(results, key=operator.itemgetter("date"))}
    parts = []
    for group, members in groupby(sorted(newest.values(), key=group_of), key=group_of):
        lines = [f"## {group}", "", "| what | figure | command | measured |", "|---|---|---|---|"]
        parts.append("\n".join([*lines, *map(figure_row, members)]))
    return "\n\n".join(parts)


def group_of(result: dict[str, Any]) -> str:
    return str(result["name"]).partition(": ")[0]


def figure_row(result: dict[str, Any]) -> str:
    values = "<br>".join(f"{name}: {show_value(value)}" for name, value in flatten(result["values"]))
    what = result["name"].partition(": ")[2] + (f"<br>({result['note']})" if "note" in result else "")
    return f"| {what} | {values} | `{result['command']}` | {result['machine']}, {result['date']} |"


def flatten(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The values with those of groups inside them; an interval is shown behind its value."""
    intervals = values.get("intervals", {})
    for name, value in values.items():
        if name == "intervals":
            continue
        if isinstance(value, dict):
            yield from flatten({**value, "intervals": intervals.get(name, {})}, f"{prefix}{name} ")
        else:
            spread = intervals.get(name)
            shown = f"{show_value(value)} ({' to '.join(map(show_value, spread))})" if spread else value
            yield f"{prefix}{name}", shown


def show_value(value: Any) -> str:
    if isinstance(value, float) and not value.is_integer():
        return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"
    return f"{value:,.0f}" if isinstance(value, int | float) else str(value)


PARTS: dict[str, Callable[[], str]] = {
    "settings": settings_table,
    "commands": command_help,
    "formats": formats_table,
    "contents": contents_tables,
    "tree": package_tree,
    "figures": figures_tables,
}


def generated(text: str) -> str:
    """The text of a page with its generated parts as they should be."""

    def fill(match: re.Match[str]) -> str:
        return f"{match[1]}\n{PARTS[match[2]]()}\n{match[3]}"

    return re.sub(r"(<!-- generated: (\w+) [^\n]*-->)\n.*?(<!-- end -->)", fill, text, flags=re.DOTALL)


def pages() -> list[Path]:
    return [path for path in sorted(DOCS.rglob("*.md")) if "<!-- generated:" in path.read_text(encoding="utf-8")]


if __name__ == "__main__":
    for page in pages():
        page.write_text(generated(page.read_text(encoding="utf-8")), encoding="utf-8")
