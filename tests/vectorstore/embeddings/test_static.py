"""`static:PATH`: every format is known by its content, and a text is the mean of its words."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import CommandLine
from vectorstore.embeddings import EmbeddingModel, load_embedding_model
from vectorstore.embeddings.providers.static import detect_format
from vectorstore.errors import InputError, ProviderError

gensim = pytest.importorskip("gensim", reason="the extra static is not installed")
# gensim counts the lines of a file without a header and leaves it to Python to close it.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
WORDS = {"moon": [1.0, 0.0, 0.0], "orbit": [0.0, 1.0, 0.0], "Paris": [0.0, 0.0, 1.0]}


def keyed_vectors() -> Any:
    from gensim.models import KeyedVectors

    vectors = KeyedVectors(3)
    vectors.add_vectors(list(WORDS), np.array(list(WORDS.values()), dtype=np.float32))
    return vectors


def write_glove(path: Path) -> None:
    path.write_text("".join(f"{word} {' '.join(map(str, row))}\n" for word, row in WORDS.items()))


def save_word2vec_model(path: Path) -> None:
    from gensim.models import Word2Vec

    model = Word2Vec(vector_size=3, min_count=1, workers=1)
    model.build_vocab([list(WORDS)])
    for word, row in WORDS.items():
        model.wv.vectors[model.wv.key_to_index[word]] = row
    model.save(str(path))


WRITERS: dict[str, Callable[[Path], None]] = {
    "word2vec binary": lambda path: keyed_vectors().save_word2vec_format(str(path), binary=True),
    "word2vec text": lambda path: keyed_vectors().save_word2vec_format(str(path), binary=False),
    "GloVe": write_glove,
    "gensim": lambda path: keyed_vectors().save(str(path)),
}


def open_model(path: Path, cache: Path) -> EmbeddingModel:
    return load_embedding_model(f"static:{path}", cache_dir=cache)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_file_is_known_by_its_content_and_embeds_the_mean_of_its_words(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "vectors"  # whatever it is called
    WRITERS[kind](path)
    assert detect_format(path) == kind
    for _ in range(2):  # the second time from the cache folder
        model = open_model(path, tmp_path / "cache")
        moon_orbit, paris, unknown = model.embeddings.embed_documents(["Moon, orbit!", "in Paris", "xyz"])
        assert moon_orbit == pytest.approx([0.5**0.5, 0.5**0.5, 0.0])
        assert (paris, unknown) == ([0.0, 0.0, 1.0], [0.0, 0.0, 0.0])
        assert model.embeddings.embed_query("moon-orbit") == moon_orbit


def test_a_whole_word2vec_model_of_gensim_is_opened_too(tmp_path: Path) -> None:
    save_word2vec_model(tmp_path / "own.model")
    assert open_model(tmp_path / "own.model", tmp_path).embeddings.embed_query("moon") == [1.0, 0.0, 0.0]


def test_other_content_under_the_same_name_is_another_revision(tmp_path: Path) -> None:
    path = tmp_path / "glove.txt"
    write_glove(path)
    before = open_model(path, tmp_path / "cache")
    path.write_text("moon 0 0 0 2\n")
    after = open_model(path, tmp_path / "cache")
    assert before.identity != after.identity
    assert after.embeddings.embed_query("moon") == [0.0, 0.0, 0.0, 1.0]


def test_tokens_are_counted_by_what_can_be_sent_to_another_process(tmp_path: Path) -> None:
    write_glove(tmp_path / "glove.txt")
    model = open_model(tmp_path / "glove.txt", tmp_path)
    assert pickle.loads(pickle.dumps(model.count_tokens))(["The moon, again.", ""]) == [5, 0]


@pytest.mark.parametrize("content", [b"", b"plain text\nof a letter\n", b"\x00\x01\x02"])
def test_a_file_of_anything_else_is_refused_with_what_is_taken(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_bytes(content)
    with pytest.raises(InputError) as raised:
        open_model(tmp_path / "letter.txt", tmp_path)
    assert raised.value.message.endswith("letter.txt is no model of static vectors")
    assert "GloVe" in raised.value.hint


def test_files_that_are_not_there_or_are_broken_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        open_model(tmp_path / "nowhere.bin", tmp_path)
    (tmp_path / "broken.bin").write_bytes(b"100 300\nmoon \x00\x01")
    with pytest.raises(ProviderError, match="could not be loaded as word2vec binary"):
        open_model(tmp_path / "broken.bin", tmp_path)
    (tmp_path / "broken.kv").write_bytes(b"\x80\x04broken")
    with pytest.raises(ProviderError, match="could not be loaded as gensim"):
        open_model(tmp_path / "broken.kv", tmp_path)
    (tmp_path / "list.kv").write_bytes(pickle.dumps([1, 2]))
    with pytest.raises((InputError, ProviderError)):
        open_model(tmp_path / "list.kv", tmp_path)


def make_model2vec(folder: Path) -> None:
    from model2vec import StaticModel
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "moon": 1, "orbit": 2}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    vectors = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], dtype=np.float32)
    StaticModel(vectors, tokenizer, config={"model_type": "model2vec"}).save_pretrained(folder)


def test_a_model2vec_folder_embeds_texts_of_any_length(tmp_path: Path) -> None:
    pytest.importorskip("model2vec", reason="the extra static is not installed")
    make_model2vec(tmp_path / "model")
    assert json.loads((tmp_path / "model" / "config.json").read_text())["model_type"] == "model2vec"
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
    run = rag("ingest", "a.txt", "b.txt", "c.txt", **settings)
    assert run.returncode == 0, run.stderr
    for question in ("paris", "of"):
        run = rag("search", "--json", question, **settings)
        assert run.returncode == 0, run.stderr
    found = json.loads(rag("search", "--json", "paris", **settings).stdout)["passages"]
    assert found[0]["text"] == "Paris is a town."
