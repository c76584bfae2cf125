"""Checks the installation, the settings and the collection, each finding with its remedy."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from rag_app.settings import Settings
from rag_app.wiring import build_chat_model, build_store, load_model
from vectorstore.embeddings import PROVIDERS
from vectorstore.errors import CollectionNotFoundError, RagError
from vectorstore.types import Fingerprint

ENOUGH_BYTES = 1_000_000_000
MOST_REPAIRS = 3


@dataclass(frozen=True, slots=True)
class Check:
    """One finding; `remedy` is the command or setting that helps, empty where all is well."""

    name: str
    severity: Literal["ok", "warning", "error"]
    message: str
    remedy: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def to_text(self) -> str:
        remedy = f"\n         {self.remedy}" if self.remedy else ""
        return f"{self.severity:<8} {self.name}: {self.message}{remedy}"


def run_checks(settings: Settings) -> list[Check]:
    """Every check, in the order in which things depend on each other. Nothing is sent anywhere."""
    checks = (check_python, check_data_folder, check_disk, check_embeddings, check_providers, check_answers)
    return [found for check in (*checks, check_collection) for found in guarded(check, settings)]


def guarded(check: Callable[[Settings], Iterator[Check]], settings: Settings) -> list[Check]:
    try:
        return list(check(settings))
    except RagError as error:
        name = check.__name__.removeprefix("check_").replace("_", " ")
        return [Check(name, "error", error.message, error.hint)]


def check_python(_settings: Settings) -> Iterator[Check]:
    yield Check("python", "ok", f"{sys.version.split()[0]} at {sys.executable}")


def check_data_folder(settings: Settings) -> Iterator[Check]:
    if os.access(nearest_existing(settings.data_dir), os.W_OK):
        yield Check("data folder", "ok", str(settings.data_dir))
    else:
        message = f"the data folder {settings.data_dir} cannot be written to"
        yield Check("data folder", "error", message, "make it writable, or set RAG_DATA_DIR to a folder that is")


def check_disk(settings: Settings) -> Iterator[Check]:
    free = shutil.disk_usage(nearest_existing(settings.data_dir)).free
    message = f"{free / 1e9:.1f} GB free for {settings.data_dir}"
    if free >= ENOUGH_BYTES:
        yield Check("disk", "ok", message)
    else:
        yield Check("disk", "warning", message, "free some space, or set RAG_DATA_DIR to another disk")


def nearest_existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.exists())


def check_embeddings(settings: Settings) -> Iterator[Check]:
    model = load_model(settings)
    precision = getattr(model.embeddings, "precision", None)
    detail = f" on OpenVINO ({precision})" if precision else ""
    yield Check("embeddings", "ok", f"{model.name}{detail}, texts of up to {model.max_tokens} tokens")


def check_providers(_settings: Settings) -> Iterator[Check]:
    """What RAG_EMBEDDINGS could name. None is opened: only whether it is installed is checked."""
    for provider in PROVIDERS:
        state = "not installed" if provider.missing else "ready"
        message = f"{state}: RAG_EMBEDDINGS={provider.form}, {provider.what}"
        yield Check(provider.prefix, "ok", message, provider.remedy if provider.missing else "")


def check_answers(settings: Settings) -> Iterator[Check]:
    model = build_chat_model(settings)
    if model is None:
        remedy = "for written answers: RAG_LLM=openai:gpt-5-mini or RAG_LLM=gguf:PATH"
        yield Check("answers", "ok", "by quotes, offline", remedy)
    else:
        where = "in this process" if settings.llm.startswith("gguf:") else "by the provider: it is sent the passages"
        yield Check("answers", "ok", f"written by {settings.llm}, {where}")


def check_collection(settings: Settings) -> Iterator[Check]:
    try:
        store = build_store(settings)
    except CollectionNotFoundError as error:
        yield Check("collection", "warning", error.message, error.hint)
        return
    if store.fingerprint is None:
        yield Check("collection", "warning", f"the collection {store.name} is empty", "rag ingest PATH")
        return
    store.require(Fingerprint(settings.embeddings, settings.distance))
    store.mend()
    for at, what in store.catalogue.repairs()[:MOST_REPAIRS]:
        yield Check("repaired", "ok", f"{at}: {what}")
    counts = store.count_chunks()
    if len(set(counts.values())) == 1:
        message = f"{store.name}: {counts['catalogue']:,} chunks, the same in all three indexes"
        yield Check("collection", "ok", message)
    else:
        numbers = ", ".join(f"{count:,} in {place}" for place, count in counts.items())
        yield Check("collection", "error", f"{store.name} is out of step: {numbers}", "rag ingest --rebuild PATH")
