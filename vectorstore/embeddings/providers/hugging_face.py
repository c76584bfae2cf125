"""`huggingface:MODEL[@DIMENSIONS]`: any encoder that sentence-transformers opens, by its hub name or a folder."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray
from tokenizers import Tokenizer

from vectorstore.embeddings.model import EmbeddingModel, LoadOptions, ModelName, TorchOptions, first_line
from vectorstore.embeddings.openvino import Facts, TokenCounter, open_converted, prepare
from vectorstore.errors import ProviderError, RagError, SettingsError


def runs_as_converted(options: TorchOptions) -> bool:
    """Whether a model may run on OpenVINO: it does so on the processor alone, and stands in for float32."""
    return options.device in (None, "cpu") and options.dtype in ("auto", "float32")


def choose_device(wanted: str | None) -> str:
    """The device that was named, or that torch prefers. Raises SettingsError for one that is not there."""
    import torch

    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted is None:
        preferred = torch.accelerator.current_accelerator(check_available=True)
        return preferred.type if preferred else "cpu"
    if not there[wanted]:
        found = " and ".join(name for name, is_there in there.items() if is_there)
        raise SettingsError(
            f"RAG_DEVICE={wanted} is not there: torch finds {found} on this machine",
            "set RAG_DEVICE=cpu, or leave it unset for what torch prefers",
        )
    return wanted


def tell_apart(revision: str, dtype: Any) -> str:
    """The revision of a model whose numbers are `dtype`: its vectors are near those of float32, and not the same."""
    name = str(dtype).removeprefix("torch.")
    return revision if name == "float32" else f"{revision} {name}"


Vectors = NDArray[np.float32]
OTHER_WINDOW = 2048


class EncoderEmbeddings(Embeddings):
    """Unit vectors by `encode`, texts behind the prompts that the model was trained with, cut to `dimensions` numbers
    (Matryoshka: Kusupati et al. 2022, arXiv:2205.13147) where that is given."""

    def __init__(self, encode: Callable[[Sequence[str]], Vectors], facts: Facts, dimensions: int | None) -> None:
        self._encode, self._facts, self._dimensions = encode, facts, dimensions

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self._embed([self._facts.document_prompt + text for text in texts]).tolist()  # type: ignore[no-any-return]

    def embed_query(self, text: str) -> list[float]:
        return self._embed([self._facts.query_prompt + text])[0].tolist()  # type: ignore[no-any-return]

    def _embed(self, texts: Sequence[str]) -> Vectors:
        vectors = self._encode(texts) if texts else np.empty((0, self._facts.dimension), np.float32)
        vectors = vectors[:, : self._dimensions]
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        units: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
        return units


def load(name: ModelName, options: LoadOptions) -> EmbeddingModel:
    try:
        model = load_encoder(name, options)
        return replace(model, languages=read_languages(find_folder(name.model)))
    except RagError:
        raise
    except Exception as error:  # the hub, torch and transformers each raise their own
        raise ProviderError(
            f"{name.model} could not be loaded: {first_line(error)}",
            "name a sentence-transformers model of the hub, or a folder that holds one: huggingface:PATH",
        ) from error


def load_encoder(name: ModelName, options: LoadOptions) -> EmbeddingModel:
    """On OpenVINO where the model was converted and gives the same vectors there, else by sentence-transformers."""
    folder = find_folder(name.model)
    revision = describe_folder(str(folder)) if folder else ""
    may_convert = runs_as_converted(options.torch)
    if folder and may_convert and (converted := open_converted(options.cache_dir, revision)):
        facts, encoder, count = converted
        return as_model(name, EncoderEmbeddings(encoder.embed_array, facts, name.dimensions), facts, count, revision)
    opened = open_sentence_transformer(name.model, options.torch)
    facts = read_facts(opened, name.model)
    folder = find_folder(name.model)  # by now a model of the hub is on this machine
    revision = describe_folder(str(folder)) if folder else ""
    if folder and may_convert and prepare(opened, folder, facts, options, revision):
        return load_encoder(name, options)
    return on_torch(name, opened, facts, revision, batch=options.torch.batch)


def on_torch(name: ModelName, opened: Any, facts: Facts, revision: str, *, batch: int) -> EmbeddingModel:
    embeddings = EncoderEmbeddings(lambda texts: encode(opened, texts, batch=batch), facts, name.dimensions)
    revision = tell_apart(revision, opened.dtype)
    return as_model(name, embeddings, facts, count_by(opened.tokenizer), revision)


def as_model(
    name: ModelName, embeddings: Embeddings, facts: Facts, count: Callable[[Sequence[str]], list[int]], revision: str
) -> EmbeddingModel:
    if name.dimensions and name.dimensions > facts.dimension:
        raise SettingsError(
            f"{name.model} gives {facts.dimension} dimensions, fewer than {name.dimensions}",
            f"set RAG_EMBEDDINGS={name.prefix}:{name.model}@{facts.dimension}, or leave the @ out",
        )
    prompt = max(count([facts.query_prompt, facts.document_prompt]))
    return EmbeddingModel(name.setting, embeddings, facts.window - facts.special_tokens - prompt, count, revision)


def load_sentence_transformer(name: str, path: str, options: TorchOptions) -> EmbeddingModel:
    """A model in a folder, never converted: for where there is a graphics processor."""
    opened = open_sentence_transformer(path, options)
    facts = read_facts(opened, path)
    return on_torch(ModelName.parse(name), opened, facts, describe_folder(path), batch=options.batch)


def open_sentence_transformer(path: str, options: TorchOptions) -> Any:
    device = choose_device(options.device)
    from sentence_transformers import SentenceTransformer  # imports torch: seconds

    # In a folder nothing is missing that a hub could have, and its client would ask for it all the same.
    return SentenceTransformer(
        path, device=device, model_kwargs={"dtype": options.dtype}, local_files_only=Path(path).is_dir()
    )


def encode(opened: Any, texts: Sequence[str], *, batch: int) -> Vectors:
    vectors = opened.encode(
        list(texts), prompt="", batch_size=batch, normalize_embeddings=True, show_progress_bar=False
    )
    return np.asarray(vectors, np.float32)


# What models expect before a question and before a text, where their files do not say so: as their cards on the hub do.
PROMPTS = {
    "e5-": ("query: ", "passage: "),  # hf.co/intfloat/multilingual-e5-small
    "bge-": ("Represent this sentence for searching relevant passages: ", ""),  # hf.co/BAAI/bge-small-en-v1.5
    "nomic-embed-text": ("search_query: ", "search_document: "),  # hf.co/nomic-ai/nomic-embed-text-v1.5
}


def read_facts(opened: Any, model: str) -> Facts:
    told = {name: prompt for name, prompt in opened.prompts.items() if prompt}
    query, document = told.get("query", ""), told.get("document", told.get("passage", ""))
    if not told:
        known = (prompts for part, prompts in PROMPTS.items() if part in model.lower().rsplit("/", 1)[-1])
        query, document = next(known, ("", ""))
    tokenizer = opened.tokenizer
    return Facts(
        window=min(opened.max_seq_length or OTHER_WINDOW, OTHER_WINDOW),
        dimension=opened.get_embedding_dimension(),
        special_tokens=tokenizer.num_special_tokens_to_add(),
        query_prompt=query,
        document_prompt=document,
        pooling=find_pooling(opened),
    )


def find_pooling(opened: Any) -> str:
    mode = getattr(opened[1], "pooling_mode", "") if len(opened) > 1 else ""
    return mode if isinstance(mode, str) else ""  # several at once are a tuple


def read_languages(folder: Path | None) -> frozenset[str]:
    """Those that the model's card names by their codes; none where it names none, or calls itself multilingual."""
    card = folder / "README.md" if folder else None
    if not card or not card.is_file():
        return frozenset()
    from huggingface_hub.repocard import metadata_load  # a tenth of a second

    told = (metadata_load(card) or {}).get("language") or []
    codes = [told] if isinstance(told, str) else [str(code) for code in told]
    return frozenset(codes) if all(len(code) == 2 for code in codes) else frozenset()


def find_folder(model: str) -> Path | None:
    """Where the model's files are on this machine; None for a model of the hub that is not."""
    if Path(model).is_dir():
        return Path(model).resolve()
    if model.count("/") != 1 or model.startswith(("/", ".", "~")):
        return None
    from huggingface_hub import snapshot_download  # a tenth of a second, and for names of the hub alone

    try:
        return Path(snapshot_download(model, local_files_only=True))
    except Exception:  # noqa: BLE001 - whatever the hub's client raises for what is not there
        return None


def count_by(tokenizer: Any) -> Callable[[Sequence[str]], list[int]]:
    """Counts as a tokenizer of transformers does, without transformers where it can be: a reader of files, to which it
    is sent, would take two seconds to import that."""
    if not getattr(tokenizer, "is_fast", False):
        return WordPieceCounter(tokenizer)
    rust = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    rust.no_padding()
    rust.no_truncation()
    return TokenCounter(rust)


@dataclass(frozen=True, slots=True)
class WordPieceCounter:
    """Counts tokens by a tokenizer of transformers; a class, so that it can be sent to another process."""

    tokenizer: Any

    def __call__(self, texts: Sequence[str]) -> list[int]:
        return [len(self.tokenizer.tokenize(text)) for text in texts]


def describe_folder(path: str) -> str:
    """The sizes and times of a model's files, which change when it is trained anew; nothing for a name of the hub."""
    files = sorted(Path(path).rglob("*")) if Path(path).is_dir() else []
    told = "\n".join(f"{file.name} {file.stat().st_size} {file.stat().st_mtime_ns}" for file in files if file.is_file())
    return hashlib.sha256(told.encode()).hexdigest()[:16] if told else ""
