"""`static:PATH`: word2vec and GloVe files, gensim's word vectors and model2vec folders, each known by its content.

gensim's own files and, as any model of gensim, what is opened by this module can hold Python's pickles: open those
that you trust.
"""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from vectorstore.embeddings.hugging_face import describe_folder
from vectorstore.embeddings.model import EmbeddingModel, LoadOptions, ModelName, first_line
from vectorstore.embeddings.static_files import FORMATS, Kind, detect, open_word_vectors
from vectorstore.embeddings.words import NO_WINDOW, count_words, find_words, mean_vector, split_word
from vectorstore.errors import ProviderError, RagError

Vectors = NDArray[np.float32]


class WordVectorEmbeddings(Embeddings):
    """Means of word vectors at unit length; zeros for a text with no known word.

    A word is looked up as it is written, then in small letters, then by its parts.
    """

    def __init__(self, vectors: Any) -> None:
        self._vectors = vectors

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        known = (vector for word in find_words(text) for vector in self._look_up(word))
        vector: list[float] = mean_vector(known, dimension=self._vectors.vector_size).tolist()
        return vector

    def _look_up(self, word: str) -> Iterator[Vectors]:
        found = self._index(word)
        for place in [found] if found is not None else map(self._index, split_word(word)):
            if place is not None:
                yield self._vectors.vectors[place]

    def _index(self, word: str) -> int | None:
        places: dict[str, int] = self._vectors.key_to_index
        return places.get(word, places.get(word.lower()))


class Model2VecEmbeddings(Embeddings):
    """A static model of model2vec, by its own `encode`, at unit length, without a bound on a text's length."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        if not texts:
            return []
        # Processes of its own would be started from 10,000 texts on: not from within threads that embed.
        vectors = self._model.encode(texts, normalize=True, max_length=None, use_multiprocessing=False)
        listed: list[list[float]] = np.asarray(vectors, dtype=np.float32).tolist()
        return listed

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


def load(name: ModelName, options: LoadOptions) -> EmbeddingModel:
    path = Path(name.model).expanduser()
    kind, revision = detect(path), describe_file(path)
    try:
        embeddings = LOADERS.get(kind, load_words)(path, kind, revision, options)
    except RagError:
        raise
    except Exception as error:  # gensim, model2vec and unpickling each raise their own
        raise ProviderError(f"{path} could not be loaded as {kind}: {first_line(error)}", FORMATS) from error
    return EmbeddingModel(name.setting, embeddings, NO_WINDOW, count_words, revision)


def load_model2vec(path: Path, kind: Kind, revision: str, options: LoadOptions) -> Embeddings:  # noqa: ARG001
    from model2vec import StaticModel  # half a second, and only this needs it

    logging.getLogger("model2vec").setLevel(logging.ERROR)  # it warns where texts are not to be cut
    return Model2VecEmbeddings(StaticModel.from_pretrained(path, max_length=None))


def load_words(path: Path, kind: Kind, revision: str, options: LoadOptions) -> Embeddings:
    return WordVectorEmbeddings(open_word_vectors(path, kind, revision, options))


LOADERS: dict[Kind, Callable[[Path, Kind, str, LoadOptions], Embeddings]] = {"model2vec": load_model2vec}


def describe_file(path: Path) -> str:
    """The folder's files, or the file and those that gensim has put beside it."""
    if path.is_dir():
        return describe_folder(str(path))
    files = [path, *sorted(path.parent.glob(f"{path.name}.*.npy"))]
    return " ".join(f"{file.stat().st_size}-{file.stat().st_mtime_ns}" for file in files)
