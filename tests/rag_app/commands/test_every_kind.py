"""Text, sequences and pictures: each in a collection of one data folder, each asked."""

import json
import random
import textwrap
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("Bio", reason="pip install 'rag-app[bio]'")
pytest.importorskip("cv2", reason="pip install 'rag-app[pictures]'")

from tests.clip_model import picture
from tests.conftest import CommandLine


def test_each_kind_is_ingested_and_asked_in_one_data_folder(
    rag: CommandLine, clip_folder: Path, tmp_path: Path
) -> None:
    oil = "The lighthouse of Lowmere burns forty litres of oil a night."
    gene = "".join(random.Random("gene").choices("ACGT", k=900))
    record = f">LMR1 of the lantern fly\n{textwrap.fill(gene, 60)}\n"
    (tmp_path / "notes.txt").write_text(oil, encoding="utf-8")
    (tmp_path / "gene.fasta").write_text(record, encoding="utf-8")
    (tmp_path / "part.txt").write_text(gene[300:600], encoding="utf-8")
    for colour in ("red", "green", "blue"):
        (tmp_path / f"{colour}.png").write_bytes(picture(colour, "squares"))
    seen = {"RAG_EMBEDDINGS": f"clip:{clip_folder}", "RAG_CACHE_DIR": str(tmp_path / "cache")}
    letters = {"RAG_EMBEDDINGS": "kmer:6"}
    inputs: dict[str, tuple[list[str | Path], dict[str, str]]] = {
        "texts": (["notes.txt"], {}),
        "genes": (["gene.fasta"], letters),
        "pictures": (["red.png", "green.png", "blue.png"], seen),
    }
    for collection, (names, settings) in inputs.items():
        run = rag("ingest", "--collection", collection, *(tmp_path / name for name in names), **settings)
        assert run.returncode == 0, run.stderr

    def asked(*arguments: str | Path, **settings: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(rag(*arguments, "--json", **settings).stdout)
        return answer

    text = asked("ask", "--collection", "texts", "How much oil does the lighthouse burn a night?")
    assert "forty litres" in str(text["answer"])
    records = asked("search", "--collection", "genes", "--sequence", tmp_path / "part.txt", **letters)
    assert "LMR1" in json.dumps(records)
    pictures = asked("search", "--collection", "pictures", "green squares", **seen)
    assert str(pictures["passages"][0]["source"]).endswith("green.png")
    told = rag("collections").stdout
    assert all(collection in told for collection in inputs)
