"""Loads `huggingface:MODEL[@DIMENSIONS]`, any encoder that sentence-transformers opens, by hub name or folder."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.embeddings import Embeddings
from tokenizers import Tokenizer

from vectorstore.embeddings.conversion import convert_and_compare, is_convertible, open_converted
from vectorstore.embeddings.model import (
    ArrayEmbeddings,
    EmbeddingModel,
    LoadOptions,
    ModelName,
    TorchOptions,
    Vectors,
    unit_vectors,
)
from vectorstore.embeddings.openvino import EncoderFacts, count_tokens, load_tokenizer, without_bounds
from vectorstore.errors import SettingsError, translated_errors

OTHER_WINDOW = 2048
# What models expect before a question and before a text, where their files do not say so: as their cards on the hub do.
PROMPTS = {
    "e5-": ("query: ", "passage: "),  # hf.co/intfloat/multilingual-e5-small
    "bge-": ("Represent this sentence for searching relevant passages: ", ""),  # hf.co/BAAI/bge-small-en-v1.5
    "nomic-embed-text": ("search_query: ", "search_document: "),  # hf.co/nomic-ai/nomic-embed-text-v1.5
}


class EncoderEmbeddings(ArrayEmbeddings):
    """Unit vectors by `encode`, texts behind the prompts that the model was trained with, cut to `dimensions` numbers
    (Matryoshka: Kusupati et al. 2022, arXiv:2205.13147) where that is given."""

    def __init__(self, encode: Callable[[Sequence[str]], Vectors], facts: EncoderFacts, dimensions: int | None) -> None:
        self._encode, self._facts, self._dimensions = encode, facts, dimensions

    def embed_array(self, texts: Sequence[str]) -> Vectors:
        return self._embed([self._facts.document_prompt + text for text in texts])

    def embed_query(self, text: str) -> list[float]:
        return self._embed([self._facts.query_prompt + text])[0].tolist()  # type: ignore[no-any-return]

    def _embed(self, texts: Sequence[str]) -> Vectors:
        vectors = self._encode(texts) if texts else np.empty((0, self._facts.dimension), np.float32)
        return unit_vectors(vectors[:, : self._dimensions])


def load_hugging_face(name: ModelName, options: LoadOptions) -> EmbeddingModel:
    """On OpenVINO where the model was converted and gives the same vectors there, else by sentence-transformers."""
    hint = "name a sentence-transformers model of the hub, or a folder that holds one: huggingface:PATH"
    # OpenVINO runs on the processor alone, in place of float32.
    may_convert = options.torch.device in (None, "cpu") and options.torch.dtype in ("auto", "float32")
    with translated_errors(f"{name.model} could not be loaded", hint):
        model = open_on_openvino(name, options) if may_convert else None
        if model is None:
            opened = open_sentence_transformer(name.model, options.torch)
            model = convert_once(name, opened, options) if may_convert else None
            model = model or describe_on_torch(name, opened, name.model, options.torch)
        return replace(model, languages=read_languages(find_folder(name.model)))


def open_on_openvino(name: ModelName, options: LoadOptions) -> EmbeddingModel | None:
    """None where the model has not been converted, or gave other vectors."""
    revision = fingerprint_folder(find_folder(name.model))
    folder = options.cache_dir / converted_name(revision)
    if not (converted := open_converted(folder)):
        return None
    facts, encoder = converted
    embeddings = EncoderEmbeddings(encoder.embed_array, facts, name.dimensions)
    return describe_model(name, embeddings, facts, partial(count_tokens, load_tokenizer(folder)), revision)


def convert_once(name: ModelName, opened: Any, options: LoadOptions) -> EmbeddingModel | None:
    """The model on OpenVINO; None where it cannot run there, or gives other vectors."""
    weights, facts = find_folder(name.model), read_facts(opened, name.model)
    if not weights or not is_convertible(opened, weights, facts):
        return None
    convert = partial(convert_and_compare, weights, facts=facts, opened=opened, on_message=options.on_message)
    message = f"converting {weights.name} for this processor, once ..."
    options.make_once(converted_name(fingerprint_folder(weights)), convert, message=message)
    return open_on_openvino(name, options)


def converted_name(revision: str) -> str:
    return f"encoder-{revision}-{version('openvino')}"


def load_on_torch(name: ModelName, path: str, options: TorchOptions) -> EmbeddingModel:
    """A model that is never converted: for machines with a graphics processor."""
    return describe_on_torch(name, open_sentence_transformer(path, options), path, options)


def describe_on_torch(name: ModelName, opened: Any, path: str, options: TorchOptions) -> EmbeddingModel:
    facts = read_facts(opened, path)
    encode = partial(encode_on_torch, opened, options.batch)
    embeddings = EncoderEmbeddings(encode, facts, name.dimensions)
    revision = add_dtype(fingerprint_folder(find_folder(path)), opened.dtype)
    return describe_model(name, embeddings, facts, token_counter(opened.tokenizer), revision)


def encode_on_torch(opened: Any, batch: int, items: Sequence[Any]) -> Vectors:
    """Unit vectors of texts or pictures."""
    encoded = opened.encode(
        list(items), prompt="", batch_size=batch, normalize_embeddings=True, show_progress_bar=False
    )
    return np.asarray(encoded, np.float32)


def describe_model(
    name: ModelName,
    embeddings: Embeddings,
    facts: EncoderFacts,
    count: Callable[[Sequence[str]], list[int]],
    revision: str,
) -> EmbeddingModel:
    if name.dimensions and name.dimensions > facts.dimension:
        raise SettingsError(
            f"{name.model} gives {facts.dimension} dimensions, fewer than {name.dimensions}",
            f"set RAG_EMBEDDINGS={name.prefix}:{name.model}@{facts.dimension}, or leave the @ out",
        )
    prompt = max(count([facts.query_prompt, facts.document_prompt]))
    return EmbeddingModel(name.setting, embeddings, facts.window - facts.special_tokens - prompt, count, revision)


def open_sentence_transformer(path: str, options: TorchOptions) -> Any:
    device = choose_device(options.device)
    from sentence_transformers import SentenceTransformer  # imports torch: seconds
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call] # it draws into a pipe too
    # In a folder nothing is missing that a hub could have, and its client would ask for it all the same.
    return SentenceTransformer(
        path, device=device, model_kwargs={"dtype": options.dtype}, local_files_only=Path(path).is_dir()
    )


def read_facts(opened: Any, model: str) -> EncoderFacts:
    prompts = {name: prompt for name, prompt in opened.prompts.items() if prompt}
    query, document = prompts.get("query", ""), prompts.get("document", prompts.get("passage", ""))
    if not prompts:
        known = (pair for part, pair in PROMPTS.items() if part in model.lower().rsplit("/", 1)[-1])
        query, document = next(known, ("", ""))
    pooling = getattr(opened[1], "pooling_mode", "") if len(opened) > 1 else ""
    return EncoderFacts(
        window=min(opened.max_seq_length or OTHER_WINDOW, OTHER_WINDOW),
        dimension=opened.get_embedding_dimension(),
        special_tokens=opened.tokenizer.num_special_tokens_to_add(),
        query_prompt=query,
        document_prompt=document,
        pooling=pooling if isinstance(pooling, str) else "",  # several at once are a tuple
    )


def read_languages(folder: Path | None) -> frozenset[str]:
    """Those that the model's card names by their codes; none where it names none, or calls itself multilingual."""
    card = folder / "README.md" if folder else None
    if not card or not card.is_file():
        return frozenset()
    from huggingface_hub.repocard import metadata_load  # a tenth of a second

    named = (metadata_load(card) or {}).get("language") or []
    codes = [named] if isinstance(named, str) else [str(code) for code in named]
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


def fingerprint_folder(folder: Path | None) -> str:
    """A hash of the sizes and times of a model's files, which change with its training; empty without a folder."""
    files = sorted(folder.rglob("*")) if folder and folder.is_dir() else []
    facts = "\n".join(
        f"{file.name} {file.stat().st_size} {file.stat().st_mtime_ns}" for file in files if file.is_file()
    )
    return hashlib.sha256(facts.encode()).hexdigest()[:16] if facts else ""


def choose_device(wanted: str | None) -> str:
    """The named device, else torch's preference. Raises SettingsError where the device is missing."""
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


def add_dtype(revision: str, dtype: Any) -> str:
    """The revision of a model of this number type: its vectors are near those of float32, and not the same."""
    name = str(dtype).removeprefix("torch.")
    return revision if name == "float32" else f"{revision} {name}"


def token_counter(tokenizer: Any) -> Callable[[Sequence[str]], list[int]]:
    """Counts as a tokenizer of transformers does, without transformers where possible: importing that would take the
    reader process, to which the counter is sent, two seconds."""
    if not getattr(tokenizer, "is_fast", False):
        return partial(count_slowly, tokenizer)
    fast = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    return partial(count_tokens, without_bounds(fast))


def count_slowly(tokenizer: Any, texts: Sequence[str]) -> list[int]:
    return [len(tokenizer.tokenize(text)) for text in texts]
