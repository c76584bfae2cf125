"""`static:PATH`: every format is known by its content, and a text is the mean of its words."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import CommandLine
from vectorstore.embeddings import EmbeddingModel, load_embedding_model
from vectorstore.embeddings.providers.static import detect_format
from vectorstore.errors import InputError, ProviderError, StorageError

pytest.importorskip("gensim", reason="the extra static is not installed")
# gensim counts the lines of a file without a header and leaves it to Python to close it.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
WORDS = {"moon": [1.0, 0.0, 0.0], "orbit": [0.0, 1.0, 0.0], "Paris": [0.0, 0.0, 1.0]}


def write_glove(path: Path) -> None:
    path.write_text("".join(f"{word} {' '.join(map(str, row))}\n" for word, row in WORDS.items()))


def write(kind: str, path: Path) -> None:
    from gensim.models import KeyedVectors, Word2Vec

    vectors: Any = KeyedVectors(3)
    vectors.add_vectors(list(WORDS), np.array(list(WORDS.values()), dtype=np.float32))
    if kind == "GloVe":
        write_glove(path)
    elif kind.startswith("word2vec"):
        vectors.save_word2vec_format(str(path), binary=kind == "word2vec binary")
    elif kind == "gensim":
        vectors.save(str(path))
    else:  # a whole model
        model = Word2Vec(vector_size=3, min_count=1, workers=1)
        model.build_vocab([list(WORDS)])
        for word, row in WORDS.items():
            model.wv.vectors[model.wv.key_to_index[word]] = row
        model.save(str(path))


def open_model(path: Path, cache: Path) -> EmbeddingModel:
    return load_embedding_model(f"static:{path}", cache_dir=cache)


@pytest.mark.parametrize("kind", ["word2vec binary", "word2vec text", "GloVe", "gensim", "Word2Vec"])
def test_a_file_is_known_by_its_content_and_embeds_the_mean_of_its_words(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "vectors"  # whatever it is called
    write(kind, path)
    assert detect_format(path) == kind.replace("Word2Vec", "gensim")
    for _ in range(2):  # the second time from the cache folder
        model = open_model(path, tmp_path / "cache")
        moon_orbit, paris, unknown = model.embeddings.embed_documents(["Moon, orbit!", "in Paris", "xyz"])
        assert moon_orbit == pytest.approx([0.5**0.5, 0.5**0.5, 0.0])
        assert (paris, unknown) == ([0.0, 0.0, 1.0], [0.0, 0.0, 0.0])
        assert model.embeddings.embed_query("moon-orbit") == moon_orbit
    assert pickle.loads(pickle.dumps(model.count_tokens))(["The moon, again.", ""]) == [5, 0]


def test_other_content_under_the_same_name_is_another_revision(tmp_path: Path) -> None:
    path = tmp_path / "glove.txt"
    write_glove(path)
    before = open_model(path, tmp_path / "cache")
    path.write_text("moon 0 0 0 2\n")
    after = open_model(path, tmp_path / "cache")
    assert before.identity != after.identity
    assert after.embeddings.embed_query("moon") == [0.0, 0.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file"),
        (b"", "is no model of static vectors"),
        (b"plain text\nof a letter\n", "is no model of static vectors"),
        (b"\x00\x01\x02", "is no model of static vectors"),
        (b"100 300\nmoon \x00\x01", "could not be loaded as word2vec binary"),
        (b"\x80\x04broken", "could not be loaded as gensim"),
        (pickle.dumps([1, 2]), "holds a list, which has no word vectors|could not be loaded as gensim"),
    ],
)
def test_what_is_no_file_of_vectors_is_refused_with_what_is_read(
    content: bytes | None, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "vectors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises((InputError, ProviderError), match=message) as raised:
        open_model(path, tmp_path)
    assert "GloVe" in raised.value.hint


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    write_glove(tmp_path / "glove.txt")
    with pytest.raises(StorageError, match=r"glove\.txt: (Not a directory|File exists)") as raised:
        open_model(tmp_path / "glove.txt", tmp_path / "glove.txt")
    assert "RAG_CACHE_DIR" in raised.value.hint


def test_a_model2vec_folder_embeds_texts_of_any_length(tmp_path: Path) -> None:
    from model2vec import StaticModel
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "moon": 1, "orbit": 2}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    vectors = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], dtype=np.float32)
    StaticModel(vectors, tokenizer, config={"model_type": "model2vec"}).save_pretrained(tmp_path / "model")
    model = open_model(tmp_path / "model", tmp_path)
    assert model.embeddings.embed_query("moon") == [1.0, 0.0, 0.0]
    # The last word counts: encode's own bound of 512 tokens is lifted.
    long = model.embeddings.embed_query("moon " * 600 + "orbit " * 600)
    assert long == pytest.approx([0.5**0.5, 0.5**0.5, 0.0], abs=1e-3)
    assert model.embeddings.embed_documents([]) == []


def test_documents_are_ingested_and_found_by_static_vectors(rag: CommandLine, tmp_path: Path) -> None:
    write_glove(tmp_path / "glove.txt")
    for name, text in {"a": "The moon is far.", "b": "Paris is a town.", "c": "nothing of it known"}.items():
        (tmp_path / f"{name}.txt").write_text(text)
    settings = {"RAG_EMBEDDINGS": f"static:{tmp_path / 'glove.txt'}", "RAG_CACHE_DIR": str(tmp_path / "cache")}
    assert rag("ingest", "a.txt", "b.txt", "c.txt", **settings).returncode == 0
    found = [rag("search", "--json", question, **settings) for question in ("paris", "of")]
    assert [run.returncode for run in found] == [0, 0]
    assert json.loads(found[0].stdout)["passages"][0]["text"] == "Paris is a town."
