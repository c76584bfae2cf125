"""Prints the size of the project: modules, lines, folders, import circles, and the files that one question visits.

    python bench/house.py

Modules are Python files of the four packages, lines those of their Python, its stubs, JavaScript, CSS and HTML. An
import circle between files is a strongly connected component of the import graph; one between folders, the same among
the files and folders that lie in one folder. Visited are the files of the four packages in which a function runs
while `rag ask` answers a question over the samples in this process, the command line and its options included.
"""

import inspect
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import grimp
import networkx

from bench.results import record

ROOT = Path(__file__).parents[1]
PACKAGES = ("vectorstore", "ingest", "prompts", "rag_app")
SAMPLES = ROOT / "rag_app" / "samples" / "documents"


def source_files(*suffixes: str) -> list[Path]:
    paths = (path for package in PACKAGES for path in (ROOT / package).rglob("*"))
    return sorted(path for path in paths if path.suffix in suffixes and SAMPLES not in path.parents)


def count_lines() -> int:
    return sum(
        len(path.read_text(encoding="utf-8").splitlines())
        for path in source_files(".py", ".pyi", ".js", ".css", ".html")
    )


def modules_by_folder() -> Counter[str]:
    """Modules of each folder; `__init__.py` is the folder itself and not counted."""
    return Counter(str(path.parent.relative_to(ROOT)) for path in source_files(".py") if path.name != "__init__.py")


def import_graph() -> networkx.DiGraph:
    imports = grimp.build_graph(*PACKAGES, include_external_packages=False, cache_dir=None)
    graph = networkx.DiGraph()
    graph.add_edges_from(
        (module, found) for module in imports.modules for found in imports.find_modules_directly_imported_by(module)
    )
    return graph


def file_circles(graph: networkx.DiGraph) -> list[list[str]]:
    return [sorted(circle) for circle in networkx.strongly_connected_components(graph) if len(circle) > 1]


def folder_circles(graph: networkx.DiGraph) -> list[list[str]]:
    """Circles among the children of each package, files and folders alike."""
    by_parent: dict[str, networkx.DiGraph] = {}
    for importer, imported in graph.edges:
        ours, theirs = importer.split("."), imported.split(".")
        shared = next((n for n, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), None)
        if shared is not None:
            parent = ".".join(ours[:shared])
            siblings = by_parent.setdefault(parent, networkx.DiGraph())
            siblings.add_edge(".".join(ours[: shared + 1]), ".".join(theirs[: shared + 1]))
    return [circle for _, siblings in sorted(by_parent.items()) for circle in file_circles(siblings)]


def trace_question() -> list[str]:
    """Files of the four packages in which a function runs while one question is answered, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "RAG_DATA_DIR": folder, "PYTHONPATH": str(ROOT)}
        rag = [sys.executable, "-m", "rag_app.commands.main"]
        subprocess.run([*rag, "ingest", str(SAMPLES)], env=environment, check=True, capture_output=True)
        command = [sys.executable, __file__, "--trace"]
        traced = subprocess.run(command, env=environment, check=True, capture_output=True, encoding="utf-8")
    found: list[str] = json.loads(traced.stderr.splitlines()[-1])
    return found


def run_traced() -> None:
    visited: set[str] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        # Bodies of modules and classes run when they are imported, not when the question is answered.
        if event == "call" and frame.f_code.co_flags & inspect.CO_OPTIMIZED:
            visited.add(frame.f_code.co_filename)

    from rag_app.commands.main import main  # the process that is traced has its imports done

    sys.argv = ["rag", "ask", "Who stayed in orbit?"]
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        main()
    except SystemExit:
        pass
    finally:
        sys.setprofile(None)
        ours = {Path(name).relative_to(ROOT) for name in visited if Path(name).is_relative_to(ROOT)}
        print(json.dumps(sorted(str(path) for path in ours if path.parts[0] in PACKAGES)), file=sys.stderr)


def figures() -> Iterator[tuple[str, int, int, object]]:
    """Name, value, the most it may be, and what it is made of."""
    graph, folders, visited = import_graph(), modules_by_folder(), trace_question()
    fullest = folders.most_common(1)[0]
    yield "modules", len(source_files(".py")), 155, ""
    yield "lines", count_lines(), 18_000, ""
    yield "modules in the fullest folder", fullest[1], 9, fullest[0]
    yield "modules in rag_app itself", folders["rag_app"], 8, ""
    yield "import circles between files", len(file_circles(graph)), 0, file_circles(graph)
    yield "import circles between folders", len(folder_circles(graph)), 0, folder_circles(graph)
    yield "files that one question visits", len(visited), 26, visited
    yield "bytes of the README", (ROOT / "README.md").stat().st_size, 10_000, ""


if __name__ == "__main__":
    if "--trace" in sys.argv:
        run_traced()
    else:
        sizes = list(figures())
        for name, value, limit, detail in sizes:
            print(f"{name:34}{value:>8,}  (at most {limit:,}) {detail or ''}")
        record(
            "Size of the project: four packages", "python bench/house.py", {name: value for name, value, *_ in sizes}
        )
