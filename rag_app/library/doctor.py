"""Checks the installation, the settings and the collection, each finding with its remedy."""

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
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
    found = [Check("python", "ok", f"{sys.version.split()[0]} at {sys.executable}")]
    checks = {
        "data folder": check_data_folder,
        "embeddings": check_embeddings,
        "providers": check_providers,
        "answers": check_answers,
        "collection": check_collection,
    }
    for name, check in checks.items():
        try:
            found += check(settings)
        except RagError as error:
            found.append(Check(name, "error", error.message, error.hint))
    return found


def check_data_folder(settings: Settings) -> Iterator[Check]:
    folder = settings.data_dir
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if os.access(there, os.W_OK):
        yield Check("data folder", "ok", str(folder))
    else:
        remedy = "make it writable, or set RAG_DATA_DIR to a folder that is"
        yield Check("data folder", "error", f"the data folder {folder} cannot be written to", remedy)
    free = shutil.disk_usage(there).free
    message = f"{free / 1e9:.1f} GB free for {folder}"
    if free >= ENOUGH_BYTES:
        yield Check("disk", "ok", message)
    else:
        yield Check("disk", "warning", message, "free some space, or set RAG_DATA_DIR to another disk")


def check_embeddings(settings: Settings) -> Iterator[Check]:
    model = load_model(settings)
    precision = getattr(model.embeddings, "precision", None)
    detail = f" on OpenVINO ({precision})" if precision else ""
    yield Check("embeddings", "ok", f"{model.name}{detail}, texts of up to {model.max_tokens} tokens")


def check_providers(_settings: Settings) -> Iterator[Check]:
    """What RAG_EMBEDDINGS could name. None is loaded: only whether it is installed is checked."""
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
