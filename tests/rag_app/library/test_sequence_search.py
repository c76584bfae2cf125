"""`rag search --sequence`: records found by their letters."""

import json
import random
import textwrap
from pathlib import Path

import pytest

from tests.conftest import CommandLine
from tests.protein_model import make_esm

pytest.importorskip("Bio", reason="the extra bio is not installed")
GENES = {name: "".join(random.Random(name).choices("ACGT", k=2_500)) for name in ("alpha", "beta", "gamma")}


def fasta(records: dict[str, str]) -> str:
    return "".join(f">{name} a made-up gene\n{textwrap.fill(letters, 60)}\n" for name, letters in records.items())


@pytest.fixture
def genes(tmp_path: Path) -> Path:
    path = tmp_path / "genes.fasta"
    path.write_text(fasta(GENES), encoding="utf-8")
    return path


def test_part_of_a_gene_finds_it_whichever_strand_it_is_of(rag: CommandLine, genes: Path, tmp_path: Path) -> None:
    assert rag("ingest", genes, RAG_EMBEDDINGS="kmer:6").returncode == 0
    strand = GENES["beta"][1_900:2_300][::-1].translate(str.maketrans("ACGT", "TGCA"))
    unknown = tmp_path / "unknown.fa"
    unknown.write_text(fasta({"far-end": strand, "begin": GENES["alpha"][:400]}), encoding="utf-8")
    run = rag("search", "--sequence", unknown, "--json", RAG_EMBEDDINGS="kmer:6")
    first, second = json.loads(run.stdout)["searches"]
    assert (first["query"], second["query"]) == ("far-end", "begin")
    assert GENES["beta"][1_920:1_950] in first["passages"][0]["text"].replace("\n", "")
    assert GENES["alpha"][20:50] in second["passages"][0]["text"].replace("\n", "")
    letters = tmp_path / "letters.txt"
    letters.write_text(GENES["gamma"][:300], encoding="utf-8")
    shown = rag("search", "--sequence", letters, "--top-k", "1", RAG_EMBEDDINGS="kmer:6").stdout
    assert shown.startswith("letters.txt:\n1. genes")
    by_name = rag("search", "--json", "gamma", RAG_EMBEDDINGS="kmer:6")
    assert "# gamma" in json.loads(by_name.stdout)["passages"][0]["text"]


def test_a_text_model_and_a_file_without_records_are_refused(rag: CommandLine, genes: Path, tmp_path: Path) -> None:
    rag("ingest", genes)
    run = rag("search", "--sequence", genes)
    assert (run.returncode, run.stderr.splitlines()[-2]) == (2, "error: the embedding model minilm reads no sequences")
    assert "kmer:6" in run.stderr
    assert rag("search").returncode == 2
    rag("ingest", "--collection", "genes", genes, RAG_EMBEDDINGS="kmer:6")
    nothing = tmp_path / "nothing.fa"
    nothing.write_text("no record, 1 2 3", encoding="utf-8")
    run = rag("search", "--collection", "genes", "--sequence", nothing, RAG_EMBEDDINGS="kmer:6")
    assert "has no records" in run.stderr


@pytest.mark.slow
def test_a_protein_finds_its_own_record_by_a_language_model(rag: CommandLine, tmp_path: Path) -> None:
    amino_acids = "ACDEFGHIKLMNPQRSTVWY"
    proteins = {name: "".join(random.Random(name).choices(amino_acids, k=300)) for name in ("P1", "P2", "P3", "P4")}
    (tmp_path / "proteins.fasta").write_text(fasta(proteins), encoding="utf-8")
    settings = {"RAG_EMBEDDINGS": f"protein:{make_esm(tmp_path / 'esm')}"}
    run = rag("ingest", tmp_path / "proteins.fasta", **settings)
    assert run.returncode == 0, run.stderr
    unknown = tmp_path / "unknown.fa"
    unknown.write_text(fasta(dict(reversed(proteins.items()))), encoding="utf-8")
    run = rag("search", "--sequence", unknown, "--json", **settings)
    searches = json.loads(run.stdout)["searches"]
    assert [search["query"] for search in searches] == ["P4", "P3", "P2", "P1"]
    for search in searches:
        assert f"# {search['query']}" in search["passages"][0]["text"]
