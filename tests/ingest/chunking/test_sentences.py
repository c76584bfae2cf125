"""RAG_SENTENCES: sentences by sentencex or by spaCy, whose places are exact whichever it is."""

import json
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.chunking.chunks import ChunkSize, chunk_pages
from ingest.chunking.sentences import SpacySentences, find_sentences, load_find_sentences, load_split
from tests.conftest import CommandLine
from vectorstore.embeddings.providers.static import count_words
from vectorstore.errors import ProviderError, SettingsError
from vectorstore.types import Page

spacy = pytest.importorskip("spacy", reason="the extra spacy is not installed")
TEXT = "Dr. Collins stayed in orbit.  It was cold!\nWas it? Yes"
TEXTS = st.text(st.sampled_from("aB1 .!?。\n\u00a0'\"-é👩‍🚀"), max_size=60)


@pytest.mark.parametrize("setting", ["sentencex", "spacy"])
def test_sentences_end_where_they_should(setting: str) -> None:
    pieces = [TEXT[start:end].strip() for start, end in load_find_sentences(setting)(TEXT)]
    assert pieces == ["Dr. Collins stayed in orbit.", "It was cold!", "Was it?", "Yes"]


@given(TEXTS)
def test_spacy_loses_no_character_and_units_of_an_answer_are_slices_in_order(text: str) -> None:
    assert "".join(text[start:end] for start, end in load_find_sentences("spacy")(text)) == text
    spans = load_split("spacy")(text)
    assert all(start < end <= len(text) for start, end in spans)
    assert [place for span in spans for place in span] == sorted(place for span in spans for place in span)


def test_a_chunk_is_cut_where_spacy_says_and_is_a_slice_of_its_page(tmp_path: Path) -> None:
    text = " ".join(f"Stage {number} fell; it was spent." for number in range(40))
    for find in (find_sentences, SpacySentences(save_pipeline(tmp_path / "nlp", [";"]))):
        size = ChunkSize(20, 60, count_words, find)
        chunks = chunk_pages("/docs/file", "file", [Page(None, text)], markdown=False, size=size)
        assert all(text[chunk.start : chunk.end] == chunk.text for chunk in chunks)
        ends = {chunk.text[-1] for chunk in chunks[:-1]}
        assert ends == ({"."} if find is find_sentences else {";"})


def save_pipeline(folder: Path, ends: list[str] | None) -> str:
    nlp = spacy.blank("en")
    if ends:
        nlp.add_pipe("sentencizer", config={"punct_chars": ends})
    nlp.to_disk(folder)
    return str(folder)


def test_a_pipeline_by_its_folder_splits_in_its_own_way_and_can_be_sent_to_a_reader(tmp_path: Path) -> None:
    find = load_find_sentences(f"spacy:{save_pipeline(tmp_path / 'nlp', [';'])}")
    assert pickle.loads(pickle.dumps(find))("one; two. three") == [(0, 5), (5, 15)]


def test_a_pipeline_with_a_senter_uses_it_though_it_is_switched_off(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    senter = nlp.add_pipe("senter")
    doc = nlp.make_doc("One. Two.")
    doc[2].is_sent_start = True
    example = spacy.training.Example(nlp.make_doc("One. Two."), doc)
    senter.initialize(lambda: [example], nlp=nlp)
    nlp.disable_pipe("senter")
    nlp.to_disk(tmp_path / "nlp")
    find = load_find_sentences(f"spacy:{tmp_path / 'nlp'}")
    assert "".join(TEXT[start:end] for start, end in find(TEXT)) == TEXT


def test_what_cannot_split_sentences_is_refused_with_what_can(tmp_path: Path) -> None:
    for setting in ("nltk", "spacy:", "sentencex:en"):
        with pytest.raises(SettingsError, match="names no way to split sentences"):
            load_find_sentences(setting)
    with pytest.raises(ProviderError, match="has nothing that splits sentences"):
        load_find_sentences(f"spacy:{save_pipeline(tmp_path / 'nlp', None)}")
    with pytest.raises(ProviderError, match="could not be loaded"):
        load_find_sentences("spacy:en_core_web_of_nowhere")


def test_documents_are_ingested_and_quoted_by_sentences_of_spacy(rag: CommandLine, tmp_path: Path) -> None:
    text = "Michael Collins stayed in orbit around the Moon; Neil Armstrong walked on it; Buzz Aldrin followed him."
    (tmp_path / "moon.txt").write_text(text)
    setting = {"RAG_SENTENCES": f"spacy:{save_pipeline(tmp_path / 'nlp', [';'])}"}
    assert rag("ingest", "moon.txt", **setting).returncode == 0
    run = rag("ask", "--json", "Who stayed in orbit around the Moon?", **setting)
    assert run.returncode == 0, run.stderr
    quotes = [citation["quote"] for citation in json.loads(run.stdout)["citations"]]
    assert quotes[0] == "Michael Collins stayed in orbit around the Moon;"
    run = rag("ask", "Who?", RAG_SENTENCES="spacy:nowhere")
    assert (run.returncode, run.stderr.splitlines()[-1].startswith("hint: ")) == (2, True)
