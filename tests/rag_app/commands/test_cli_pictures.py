"""`RAG_EMBEDDINGS=clip:MODEL` on the command line: pictures of a folder and of a document, found, named, compared."""

import json
from pathlib import Path

import pytest

pytest.importorskip("cv2", reason="pictures are read by OpenCV: pip install 'rag-app[pictures]'")

from tests.clip_model import draw, encode, picture
from tests.conftest import CommandLine
from tests.ingest.pictured import pdf


def test_a_question_finds_a_picture_and_says_where_it_stands(
    rag: CommandLine, clip_folder: Path, tmp_path: Path
) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "1.png").write_bytes(picture("red", "squares", seed=6_001))
    (docs / "2.png").write_bytes(encode(draw("blue", "stripes", width=320, height=240, seed=6_002)))
    (docs / "3.jpg").write_bytes(encode(draw("blue", "stripes", width=320, height=240, seed=6_002)[::2, ::2], "JPEG"))
    report = pdf(
        [["Nothing is seen here."], ["A field.", picture("green", "squares", seed=6_003), "Figure 7. A field"]]
    )
    (docs / "report.pdf").write_bytes(report)
    settings = {"RAG_EMBEDDINGS": f"clip:{clip_folder}", "RAG_CACHE_DIR": str(tmp_path / "cache")}

    ingested = json.loads(rag("ingest", docs, "--json", **settings).stdout)
    assert [file["status"] for file in ingested["files"]] == ["added"] * 4
    assert ingested["chunks_embedded"] == 3  # two show the same
    assert json.loads(rag("ingest", docs, "--json", **settings).stdout)["chunks_embedded"] == 0

    found = json.loads(rag("search", "green squares", "--json", **settings).stdout)["passages"]
    assert (Path(found[0]["source"]).name, found[0]["page"], found[0]["text"]) == ("report.pdf", 2, "Figure 7. A field")
    assert len(found[0]["picture"]) == 64

    shown = rag("search", "red squares", "--top-k", "1", **settings)
    assert shown.stdout.splitlines()[0].startswith("1. 1  ")
    assert "Picture: 1.png (160 × 120)" in shown.stdout

    similar = rag("similar", "2.png", **settings).stdout.splitlines()
    assert similar[0].endswith("3.jpg  (the same picture)")
    assert not any("the same" in line for line in similar[1:])
