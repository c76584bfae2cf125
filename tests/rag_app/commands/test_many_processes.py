"""Two processes that ingest into one collection while a third asks: everybody ends well, nothing is missed."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rag_app import Settings, ingest_paths
from rag_app.wiring import build_store

FILES = 15
QUESTIONS = 80
SEEN_WITHIN_S = 2.0
# Prints when its report was there, by the clock that all processes of a machine share.
WRITER = """
import json, sys, time
from rag_app import ingest_paths
report = ingest_paths(sys.argv[1:])
print(json.dumps({"reported": time.monotonic(), "counts": report.counts()}))
"""
# Asks until it has asked so often and has found all, or for long enough; prints when it first found each.
ASKER = """
import json, sys, time
from rag_app import load_chain, load_retriever
many, wanted = int(sys.argv[1]), sys.argv[2:]
chain, retriever = load_chain(), load_retriever()
print("ready", flush=True)
found, lost, asked, end = {}, [], 0, time.monotonic() + 100
while asked < many or (len(found) < len(wanted) and time.monotonic() < end):
    word = wanted[asked // 2 % len(wanted)]
    question = f"Where does {word} live?"
    if asked % 2:
        texts = [passage.page_content for passage in retriever.invoke(question)]
    else:
        texts = [passage.chunk.text for passage in chain.invoke(question).passages]
    asked += 1
    if any(word in text for text in texts):
        found.setdefault(word, time.monotonic())
    elif word in found:
        lost.append(word)
print(json.dumps({"asked": asked, "found": found, "lost": lost}))
"""


def start(code: str, *arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def result(child: "subprocess.Popen[str]") -> dict[str, Any]:
    """What it printed, where it ended well and said nothing else: no traceback, no word of a lock."""
    out, err = child.communicate(timeout=150)
    assert (child.returncode, err, out.count("\n")) == (0, "", 1), out
    return dict(json.loads(out))


def write_folder(folder: Path, animal: str) -> str:
    """Documents; the name that only the last of them has."""
    folder.mkdir()
    for n in range(FILES):
        (folder / f"{n:02}.md").write_text(f"# {animal} {n}\n\n{animal.title()}{n:02} lives in burrow number {n}.\n")
    return f"{animal.title()}{FILES - 1:02}"


@pytest.mark.long("three processes, and 80 questions")
@pytest.mark.timeout(300)
def test_two_processes_ingest_into_one_collection_while_a_third_asks(tmp_path: Path) -> None:
    (tmp_path / "first.md").write_text("# First\n\nThe first document is about tides.\n")
    ingest_paths([tmp_path / "first.md"])
    folders = [tmp_path / "badgers", tmp_path / "foxes"]
    last = [write_folder(folders[0], "badger"), write_folder(folders[1], "fox")]
    asker = start(ASKER, QUESTIONS, *last)
    assert asker.stdout is not None
    assert asker.stdout.readline() == "ready\n"
    written = [result(writer) for writer in [start(WRITER, folder) for folder in folders]]
    asked = result(asker)

    assert [one["counts"] for one in written] == [{"added": FILES}] * 2
    assert asked["asked"] >= QUESTIONS
    assert asked["lost"] == []
    found = asked["found"]
    delays = {word: found.get(word, float("inf")) - one["reported"] for word, one in zip(last, written, strict=True)}
    assert {word: delay for word, delay in delays.items() if delay > SEEN_WITHIN_S} == {}
    store = build_store(Settings())
    ids = store.catalogue.chunk_ids()
    assert len(ids) == 2 * FILES + 1
    assert store.open_vectors().ids() == store.lexical.reader().ids() == ids
    store.close()
