"""Text, sequences and pictures: each in a collection of one data folder, each ingested, found and asked."""

import json
import random
import subprocess
import textwrap
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("Bio", reason="pip install 'rag-app[bio]'")
pytest.importorskip("cv2", reason="pip install 'rag-app[pictures]'")

from tests.clip_model import draw, encode, picture
from tests.conftest import CommandLine
from tests.ingest.pictured import pdf


def draw_documents(folder: Path) -> None:
    """A red picture, two of the same blue one, and a PDF with a green one on its second page."""
    folder.mkdir()
    (folder / "1.png").write_bytes(picture("red", "squares", seed=6_001))
    stripes = draw("blue", "stripes", width=320, height=240, seed=6_002)
    (folder / "2.png").write_bytes(encode(stripes))
    (folder / "3.jpg").write_bytes(encode(stripes[::2, ::2], "JPEG"))
    green = picture("green", "squares", seed=6_003)
    (folder / "report.pdf").write_bytes(pdf([["Nothing is seen here."], ["A field.", green, "Figure 7. A field"]]))


def said(run: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    assert run.returncode == 0, run.stderr
    answer: dict[str, Any] = json.loads(run.stdout)
    return answer


@pytest.mark.long("ingests three collections")
def test_texts_and_sequences_are_asked_in_one_data_folder(rag: CommandLine, tmp_path: Path) -> None:
    gene = "".join(random.Random("gene").choices("ACGT", k=900))
    (tmp_path / "notes.txt").write_text("The lighthouse of Lowmere burns forty litres of oil a night.")
    (tmp_path / "gene.fasta").write_text(f">LMR1 of the lantern fly\n{textwrap.fill(gene, 60)}\n")
    (tmp_path / "part.txt").write_text(gene[300:600])
    letters = {"RAG_EMBEDDINGS": "kmer:6", "RAG_COLLECTION": "genes"}
    said(rag("ingest", "notes.txt", "--json"))
    said(rag("ingest", "gene.fasta", "--json", **letters))
    answer = said(rag("ask", "How much oil does the lighthouse burn a night?", "--json"))
    assert "forty litres" in answer["answer"]
    assert "LMR1" in json.dumps(said(rag("search", "--sequence", "part.txt", "--json", **letters)))
    assert [one["collection"] for one in said(rag("collections", "--json"))["collections"]] == ["default", "genes"]


def test_pictures_are_found_by_what_they_show_and_the_same_one_is_known(
    rag: CommandLine, clip_folder: Path, tmp_path: Path
) -> None:
    draw_documents(tmp_path / "docs")
    seen = {"RAG_EMBEDDINGS": f"clip:{clip_folder}", "RAG_CACHE_DIR": str(tmp_path / "cache")}
    ingested = said(rag("ingest", "docs", "--json", **seen))
    assert [file["status"] for file in ingested["files"]] == ["added"] * 4
    assert ingested["chunks_embedded"] == 3  # two show the same
    assert said(rag("ingest", "docs", "--json", **seen))["chunks_embedded"] == 0
    found = said(rag("search", "green squares", "--json", **seen))["passages"][0]
    assert (Path(found["source"]).name, found["page"], found["text"]) == ("report.pdf", 2, "Figure 7. A field")
    assert len(found["picture"]) == 64
    shown = rag("search", "red squares", "--top-k", "1", **seen)
    assert shown.stdout.splitlines()[0].startswith("1. 1  ")
    assert "Picture: 1.png (160 × 120)" in shown.stdout
    similar = rag("similar", "2.png", **seen).stdout.splitlines()
    assert similar[0].endswith("3.jpg  (the same picture)")
    assert not any("the same" in line for line in similar[1:])
