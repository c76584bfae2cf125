"""Loads static word vectors: `static:PATH` (word2vec, GloVe, gensim, model2vec) and `spacy:PIPELINE`.

A text's vector is the mean of its words' vectors. gensim's own files and spaCy's pipelines can hold Python's pickles:
open those that you trust.
"""

import hashlib
import json
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from vectorstore.embeddings.model import ArrayEmbeddings, EmbeddingModel, LoadOptions, ModelName, Vectors, unit_vectors
from vectorstore.embeddings.providers.hugging_face import fingerprint_folder
from vectorstore.errors import InputError, ProviderError, translated_errors

Format = Literal["model2vec", "gensim", "word2vec binary", "word2vec text", "GloVe"]
FORMATS = (
    "static:PATH takes a word2vec file (binary or text), a GloVe text file, gensim's KeyedVectors or Word2Vec, or a "
    "folder of model2vec"
)
SPACY_HINT = "python -m spacy download en_core_web_md, then RAG_EMBEDDINGS=spacy:en_core_web_md"
PICKLE = b"\x80"
FIRST_LINE_BYTES = 1_000_000
FEWEST_NUMBERS = 2
CACHED = "vectors.kv"
WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
WORD_PART = re.compile(r"[^\W_]+")
TOKEN = re.compile(r"\w+|[^\w\s]")
# A mean of word vectors has no window; this bounds only how large a chunk may be asked for.
NO_WINDOW = 100_000


def load_static(name: ModelName, options: LoadOptions) -> EmbeddingModel:
    path = Path(name.model)
    kind, revision = detect_format(path), fingerprint_files(path)
    with translated_errors(f"{path} could not be loaded as {kind}", FORMATS):
        if kind == "model2vec":
            embeddings: ArrayEmbeddings = Model2VecEmbeddings(path)
        else:
            vectors = open_word_vectors(path, kind, revision, options)
            embeddings = MeanOfWords(vectors.vector_size, partial(look_up_words, vectors))
    return EmbeddingModel(name.setting, embeddings, NO_WINDOW, count_words, revision)


def load_spacy(name: ModelName, options: LoadOptions) -> EmbeddingModel:  # noqa: ARG001 (as every provider's)
    with translated_errors(f"the spaCy pipeline {name.model} could not be loaded", SPACY_HINT):
        nlp = open_spacy_vectors(name.model)
    if not nlp.vocab.vectors.size:
        raise ProviderError(f"the spaCy pipeline {name.model} has no word vectors", SPACY_HINT)
    revision = f"{nlp.meta.get('version', '')} {fingerprint_folder(Path(name.model))}".strip()
    embeddings = MeanOfWords(nlp.vocab.vectors.shape[1], partial(look_up_tokens, nlp.tokenizer))
    return EmbeddingModel(name.setting, embeddings, NO_WINDOW, count_words, revision)


class MeanOfWords(ArrayEmbeddings):
    """Means of word vectors at unit length; zeros for a text with no known word, or whose words cancel out."""

    def __init__(self, dimension: int, word_vectors: Callable[[str], Iterator[Vectors]]) -> None:
        self._dimension, self._word_vectors = dimension, word_vectors

    def embed_array(self, texts: Sequence[str]) -> Vectors:
        sums = np.zeros((len(texts), self._dimension))
        for total, text in zip(sums, texts, strict=True):
            for vector in self._word_vectors(text):
                total += vector
        return unit_vectors(sums.astype(np.float32))


def look_up_words(vectors: Any, text: str) -> Iterator[Vectors]:
    """By gensim's KeyedVectors: a word is looked up as it is written, then in small letters, then by its parts."""
    places: dict[str, int] = vectors.key_to_index
    for word in find_words(text):
        found = places.get(word, places.get(word.lower()))
        parts = WORD_PART.findall(word) if found is None else []
        for place in (found, *(places.get(part, places.get(part.lower())) for part in parts)):
            if place is not None:
                yield vectors.vectors[place]


def look_up_tokens(tokenizer: Any, text: str) -> Iterator[Vectors]:
    """By a spaCy pipeline's vocabulary, without stop words and punctuation."""
    # The tokenizer alone has no bound on a text's length, and nothing else of a pipeline is needed.
    for token in tokenizer(text):
        if token.has_vector and not (token.is_stop or token.is_punct or token.is_space):
            yield token.vector


class Model2VecEmbeddings(ArrayEmbeddings):
    """By model2vec's own `encode`, at unit length, without a bound on a text's length."""

    def __init__(self, path: Path) -> None:
        from model2vec import StaticModel  # half a second, and only this needs it

        logging.getLogger("model2vec").setLevel(logging.ERROR)  # it warns where texts are not to be cut
        self._model = StaticModel.from_pretrained(path, max_length=None)

    def embed_array(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.empty((0, self._model.dim), np.float32)
        # Processes of its own would be started from 10,000 texts on: not from within threads that embed.
        return self._model.encode(texts, normalize=True, max_length=None, use_multiprocessing=False)


def find_words(text: str) -> list[str]:
    """Words in order, those with a hyphen or an apostrophe whole."""
    return WORD.findall(text)


def count_words(texts: Sequence[str]) -> list[int]:
    """Words and marks of each text; near enough where nothing is ever cut off."""
    return [len(TOKEN.findall(text)) for text in texts]


def detect_format(path: Path) -> Format:
    """The format of a file or folder, by its content. Raises InputError for one that is none of them."""
    try:
        kind = detect_folder(path) if path.is_dir() else detect_file(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}", FORMATS) from error
    if kind is None:
        raise InputError(f"{path} is no model of static vectors", FORMATS)
    return kind


def detect_folder(path: Path) -> Format | None:
    try:
        config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    is_static = config.get("model_type") == "model2vec" or "StaticModel" in (config.get("architectures") or ())
    return "model2vec" if is_static else None


def detect_file(path: Path) -> Format | None:
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
    """How many numbers follow the first word; 0 where anything else does."""
    try:
        return len([float(part) for part in line.decode("utf-8").split()[1:]])
    except ValueError:  # UnicodeDecodeError is one
        return 0


def open_word_vectors(path: Path, kind: Format, revision: str, options: LoadOptions) -> Any:
    """gensim's KeyedVectors, their numbers memory-mapped; files of other formats are converted once."""
    from gensim.models import KeyedVectors  # two seconds, and only this needs it
    from gensim.utils import SaveLoad

    if kind == "gensim":  # a KeyedVectors, or a whole model such as Word2Vec or FastText with one in it
        loaded = SaveLoad.load(str(path), mmap="r")
        vectors = getattr(loaded, "wv", loaded)
        if not hasattr(vectors, "key_to_index"):
            raise InputError(f"{path} holds a {type(loaded).__name__}, which has no word vectors", FORMATS)
        return vectors
    key = hashlib.sha256(f"{path.resolve()}\n{revision}".encode()).hexdigest()[:16]
    convert = partial(convert_word_vectors, path, kind)
    message = f"reading {path.name} once; a large file takes a minute ..."
    return KeyedVectors.load(str(options.make_once(f"static-{key}", convert, message=message) / CACHED), mmap="r")


def convert_word_vectors(path: Path, kind: Format, folder: Path) -> None:
    """Read a file of vectors and write it in gensim's form."""
    from gensim.models import KeyedVectors

    # Files in circulation have words that are no UTF-8, and no text asks for those.
    vectors = KeyedVectors.load_word2vec_format(
        str(path), binary=kind == "word2vec binary", no_header=kind == "GloVe", unicode_errors="replace"
    )
    # Its numbers in a file of their own, whatever their size: only those can be memory-mapped.
    vectors.save(str(folder / CACHED), sep_limit=0)


def fingerprint_files(path: Path) -> str:
    """Sizes and times of the folder's files, or of the file and those that gensim has put next to it."""
    if path.is_dir():
        return fingerprint_folder(path)
    files = [path, *sorted(path.parent.glob(f"{path.name}.*.npy"))]
    return " ".join(f"{file.stat().st_size}-{file.stat().st_mtime_ns}" for file in files)


def open_spacy_vectors(name: str) -> Any:
    """The vocabulary and tokenizer, without the components: they take seconds and add nothing to static vectors."""
    import spacy
    from spacy.util import get_package_path, is_package, load_config

    folder = get_package_path(name) if is_package(name) else Path(name)
    (config,) = [*folder.glob("config.cfg"), *folder.glob("*/config.cfg")][:1]
    return spacy.load(name, exclude=list(load_config(config)["nlp"]["pipeline"]))
