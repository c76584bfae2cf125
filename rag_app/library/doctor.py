"""From settings to checks: what works, what does not, and what helps."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from rag_app.settings import Settings
from rag_app.wiring import LOADED, build_chat_model, build_store, silent
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
    checks = (
        check_python,
        check_data_folder,
        check_disk,
        check_embeddings,
        check_providers,
        check_answers,
        check_collection,
    )
    return [check for run in checks for check in guarded(run, settings)]


def guarded(run: Callable[[Settings], Iterator[Check]], settings: Settings) -> list[Check]:
    try:
        return list(run(settings))
    except RagError as error:
        return [
            Check(
                run.__name__.removeprefix("check_").replace("_", " "),
                "error",
                error.message,
                error.hint,
            )
        ]


def check_python(_settings: Settings) -> Iterator[Check]:
    yield Check("python", "ok", f"{sys.version.split()[0]} at {sys.executable}")


def check_data_folder(settings: Settings) -> Iterator[Check]:
    folder = nearest_existing(settings.data_dir)
    if os.access(folder, os.W_OK):
        yield Check("data folder", "ok", str(settings.data_dir))
    else:
        yield Check(
            "data folder",
            "error",
            f"the data folder {settings.data_dir} cannot be written to",
            "make it writable, or set RAG_DATA_DIR to a folder that is",
        )


def check_disk(settings: Settings) -> Iterator[Check]:
    free = shutil.disk_usage(nearest_existing(settings.data_dir)).free
    message = f"{free / 1e9:.1f} GB free for {settings.data_dir}"
    if free >= ENOUGH_BYTES:
        yield Check("disk", "ok", message)
    else:
        yield Check(
            "disk",
            "warning",
            message,
            "free some space, or set RAG_DATA_DIR to another disk",
        )


def nearest_existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.exists())


def check_embeddings(settings: Settings) -> Iterator[Check]:
    model = LOADED.get(settings, silent)
    precision = getattr(model.embeddings, "precision", None)
    detail = f" on OpenVINO ({precision})" if precision else ""
    yield Check(
        "embeddings",
        "ok",
        f"{model.name}{detail}, texts of up to {model.max_tokens} tokens",
    )


def check_providers(settings: Settings) -> Iterator[Check]:  # noqa: ARG001 (as every check's)
    """What RAG_EMBEDDINGS could name. None is opened: that they are installed is all that is looked at."""
    for provider in PROVIDERS:
        is_ready = not provider.missing
        state = "ready" if is_ready else "not installed"
        told = f"{state}: RAG_EMBEDDINGS={provider.form}, {provider.what}"
        yield Check(provider.prefix, "ok", told, "" if is_ready else provider.remedy)


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
        yield Check(
            "collection",
            "warning",
            f"the collection {store.name} is empty",
            "rag ingest PATH",
        )
        return
    store.require(Fingerprint(settings.embeddings, settings.distance))
    store.mend()
    for at, what in store.catalogue.repairs()[:MOST_REPAIRS]:
        yield Check("repaired", "ok", f"{at}: {what}")
    counts = store.count_chunks()
    if len(set(counts.values())) == 1:
        yield Check(
            "collection",
            "ok",
            f"{store.name}: {counts['catalogue']:,} chunks, the same in all three indexes",
        )
    else:
        told = ", ".join(f"{count:,} in {place}" for place, count in counts.items())
        yield Check(
            "collection",
            "error",
            f"{store.name} is out of step: {told}",
            "rag ingest --rebuild PATH",
        )
