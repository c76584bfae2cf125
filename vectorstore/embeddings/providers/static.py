"""`static:PATH`: word2vec and GloVe files, gensim's word vectors and model2vec folders, each known by its content.

gensim's own files and, as any model of gensim, what is opened by this module can hold Python's pickles: open those
that you trust.
"""

import hashlib
import json
import logging
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from filelock import FileLock
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from vectorstore.embeddings.model import EmbeddingModel, LoadOptions, ModelName, first_line
from vectorstore.embeddings.providers.hugging_face import describe_folder
from vectorstore.errors import InputError, ProviderError, RagError, StorageError

Kind = Literal["model2vec", "gensim", "word2vec binary", "word2vec text", "GloVe"]
FORMATS = (
    "static:PATH takes a word2vec file (binary or text), a GloVe text file, gensim's KeyedVectors or Word2Vec, or a "
    "folder of model2vec"
)
PICKLE = b"\x80"
FIRST_LINE_BYTES = 1_000_000
FEWEST_NUMBERS = 2
KEPT = "vectors.kv"


def detect(path: Path) -> Kind:
    """The format of a file or folder. Raises InputError for one that is none of them."""
    try:
        kind = detect_folder(path) if path.is_dir() else detect_file(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}", FORMATS) from error
    if kind is None:
        raise InputError(f"{path} is no model of static vectors", FORMATS)
    return kind


def detect_folder(path: Path) -> Kind | None:
    try:
        told = json.loads((path / "config.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    is_static = told.get("model_type") == "model2vec" or "StaticModel" in (told.get("architectures") or ())
    return "model2vec" if is_static else None


def detect_file(path: Path) -> Kind | None:
    with path.open("rb") as file:
        if file.read(1) == PICKLE:
            return "gensim"
        file.seek(0)
        first, second = (file.readline(FIRST_LINE_BYTES) for _ in range(2))
    header = first.split()
    if len(header) == 2 and all(part.isdigit() for part in header):
        return "word2vec text" if count_numbers(second) == int(header[1]) else "word2vec binary"
    return "GloVe" if count_numbers(first) >= FEWEST_NUMBERS else None


def count_numbers(line: bytes) -> int:
    """How many numbers stand behind the first word, or 0 where anything else does."""
    try:
        numbers = [float(part) for part in line.decode("utf-8").split()[1:]]
    except ValueError:  # UnicodeDecodeError is one
        return 0
    return len(numbers)


def open_word_vectors(path: Path, kind: Kind, revision: str, options: LoadOptions) -> Any:
    """gensim's KeyedVectors, their numbers memory-mapped."""
    from gensim.models import KeyedVectors  # two seconds, and only this needs it

    if kind == "gensim":
        return load_gensim(path)
    place = hashlib.sha256(f"{path.resolve()}\n{revision}".encode()).hexdigest()[:16]
    folder = options.cache_dir / f"static-{place}"
    if not (folder / KEPT).exists():
        keep(path, kind, folder, options)
    return KeyedVectors.load(str(folder / KEPT), mmap="r")


def load_gensim(path: Path) -> Any:
    """A KeyedVectors, or the one inside a whole model, such as Word2Vec or FastText."""
    from gensim.utils import SaveLoad

    loaded = SaveLoad.load(str(path), mmap="r")
    vectors = getattr(loaded, "wv", loaded)
    if not hasattr(vectors, "key_to_index"):
        raise InputError(f"{path} holds a {type(loaded).__name__}, which has no word vectors", FORMATS)
    return vectors


def keep(path: Path, kind: Kind, folder: Path, options: LoadOptions) -> None:
    """Read a file of vectors and write it in gensim's form; the folder appears whole or not at all."""
    unfinished = folder.with_suffix(".unfinished")
    try:
        options.cache_dir.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_suffix(".lock")):
            if (folder / KEPT).exists():
                return
            options.on_message(f"reading {path.name} once; a large file takes a minute ...")
            vectors = read_word_vectors(path, kind)
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            # Its numbers in a file of their own, whatever their size: only those can be memory-mapped.
            vectors.save(str(unfinished / KEPT), sep_limit=0)
            unfinished.rename(folder)
    except OSError as error:
        raise StorageError(
            f"the word vectors cannot be stored in {options.cache_dir}: {error.strerror or error}",
            "free space or make the folder writable, or set RAG_CACHE_DIR to another folder",
        ) from error


def read_word_vectors(path: Path, kind: Kind) -> Any:
    from gensim.models import KeyedVectors

    # Files in circulation have words that are no UTF-8, and no text asks for those.
    return KeyedVectors.load_word2vec_format(
        str(path), binary=kind == "word2vec binary", no_header=kind == "GloVe", unicode_errors="replace"
    )


WordVectors = NDArray[np.float32]
WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
PART = re.compile(r"[^\W_]+")
TOKEN = re.compile(r"\w+|[^\w\s]")
# A mean of word vectors has no window; this bounds only how large a chunk may be asked for.
NO_WINDOW = 100_000


def find_words(text: str) -> list[str]:
    """Words in order, those with a hyphen or an apostrophe whole."""
    return WORD.findall(text)


def split_word(word: str) -> list[str]:
    """`well-known` to its two parts."""
    return PART.findall(word)


def count_words(texts: Sequence[str]) -> list[int]:
    """Words and marks of each text; near enough where nothing is ever cut off."""
    return [sum(1 for _ in TOKEN.finditer(text)) for text in texts]


def mean_vector(vectors: Iterable[WordVectors], *, dimension: int) -> WordVectors:
    """The mean at unit length; the zero vector where there is none, or where they cancel each other out."""
    total = np.zeros(dimension, dtype=np.float64)
    for vector in vectors:
        total += vector
    length = float(np.linalg.norm(total))
    return (total / length if length > 0 else total).astype(np.float32)


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
