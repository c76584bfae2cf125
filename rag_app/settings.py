"""Reads the settings from the environment and `.env`; nothing else reads them."""

import difflib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import platformdirs
from dotenv import load_dotenv
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from vectorstore.errors import SettingsError

WRITTEN_ANSWERS = "For written answers name a model: RAG_LLM=openai:gpt-5-mini or RAG_LLM=gguf:PATH"

PREFIX = "RAG_"
# Wrong names for which the setting with the most similar letters is not the right suggestion.
SYNONYMS = {"RAG_MODEL": "RAG_LLM"}


class Settings(BaseSettings):
    """Every setting, named `RAG_` and its field in capitals. Raises SettingsError for an unknown name or value."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=True)

    collection: str = Field("default", description="the collection to ingest into and to ask")
    llm: str = Field(
        "quotes",
        description="who writes answers: quotes (the documents' own sentences), gguf:PATH (a model file run in this "
        "process, extra `local`), or provider:model, such as openai:gpt-5-mini",
    )
    embeddings: str = Field(
        "minilm",
        description="the embedding model: minilm (all-MiniLM-L6-v2, offline), the folder of an encoder, or "
        "provider:model, such as openai:text-embedding-3-small or huggingface:BAAI/bge-small-en-v1.5",
    )
    device: Literal["cpu", "cuda", "mps"] | None = Field(
        None, description="where torch runs embedding models: cpu, cuda or mps; unset: as torch prefers"
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto",
        description="the numbers that torch runs embedding models in: auto (those of the model's files), float32, "
        "bfloat16 or float16",
    )
    embed_batch: int = Field(
        32, ge=1, le=4096, description="how many texts, pictures or sequences torch embeds at once, at most"
    )
    reader: str = Field(
        "auto",
        description="who judges what answers a question and what proves a sentence: own (the small reader that comes "
        "with this), auto (it and, for what it wrote itself, a chat model, but no gguf one), chat (a gguf one too), "
        "none, or a cross-encoder by name or folder, such as cross-encoder/ms-marco-MiniLM-L6-v2",
    )
    top_k: int = Field(10, ge=1, le=100, description="how many passages are found for a question")
    context_tokens: int = Field(
        4000,
        ge=500,
        le=1_000_000,
        description="how much of the passages a chat model is shown, in tokens; less where its window is smaller",
    )
    chunk_tokens: int = Field(170, ge=32, le=8000, description="how large chunks are, in tokens of the embedding model")
    sentences: str = Field(
        "sentencex",
        description="what finds the ends of sentences: sentencex, spacy (its rules of punctuation), or spacy:PIPELINE, "
        "such as spacy:en_core_web_sm (extra `spacy`)",
    )
    distance: Literal["cosine", "l2", "ip"] = Field(
        "cosine", description="the distance of a new collection's space: cosine, l2 or ip"
    )
    max_file_mb: int = Field(200, ge=1, description="files over this size, in MB, are skipped")
    allow_private_urls: bool = Field(
        default=False, description="whether pages at private addresses, such as localhost, are read"
    )
    file_password: SecretStr | None = Field(None, description="opens files that are encrypted with it")
    whisper: str | None = Field(
        None,
        description="the folder of a CTranslate2 Whisper model that recordings are heard by (extra `sound`); unset: "
        "the smallest model of English, which that extra brings",
    )
    max_file_seconds: int = Field(300, ge=1, description="the most seconds that reading one file may take")
    max_reader_mb: int = Field(1500, ge=200, description="the most memory, in MB, that reading one file may take")
    vector_cache_mb: int = Field(
        512, ge=0, description="how much disk, in MB, is used to remember vectors, so that no text is embedded twice"
    )
    data_dir: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("rag-app"), description="where collections are kept"
    )
    cache_dir: Path = Field(
        default_factory=lambda: platformdirs.user_cache_path("rag-app"), description="where converted models are kept"
    )
    chroma_url: str | None = Field(
        None, description="a Chroma server, such as http://localhost:8000; unset: Chroma runs embedded"
    )
    password: SecretStr | None = Field(
        None,
        description="whoever opens the page is asked for it: the password, or better its hash, as `rag chat "
        "--hash-password` makes it; unset: the page is served to this machine alone",
    )

    def __init__(self, **values: Any) -> None:
        # Into the environment rather than into this object: provider packages look for their keys there.
        load_dotenv(Path(".env"))
        refuse_unknown(os.environ)
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise explain(error) from error
        object.__setattr__(self, "data_dir", self.data_dir.expanduser().resolve())
        object.__setattr__(self, "cache_dir", self.cache_dir.expanduser().resolve())


def refuse_unknown(environment: Iterable[str]) -> None:
    known = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    for name in environment:
        # In small letters too: pydantic reads them all the same.
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            raise unknown_setting(name, SYNONYMS.get(name.upper()) or nearest(name.upper(), known))


def nearest(name: str, known: list[str]) -> str:
    return difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]


def unknown_setting(name: str, suggestion: str) -> SettingsError:
    return SettingsError(f"{name} is not a setting", f"did you mean {suggestion}? .env.example lists every one")


def explain(error: ValidationError) -> SettingsError:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else "?"
    if first["type"] == "extra_forbidden":
        return unknown_setting(name, nearest(name, list(Settings.model_fields)))
    message = first["msg"][0].lower() + first["msg"][1:]
    return SettingsError(
        f"{PREFIX}{name.upper()}={first['input']} cannot be used: {message}", ".env.example says what it may be"
    )
