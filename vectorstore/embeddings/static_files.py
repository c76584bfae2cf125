"""Files of word vectors: which format one has, by its content, and gensim's KeyedVectors made from it.

A text or binary file is read once, which takes a minute where it is large, and kept in the cache folder in gensim's own
form, which opens in a second and stays on disk until it is read (memory-mapped).
"""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock

from vectorstore.embeddings.model import LoadOptions
from vectorstore.errors import InputError, StorageError

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
