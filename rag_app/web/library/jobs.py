"""Runs ingests in background threads, those of one collection in turn, where every tab and visitor sees them."""

import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import streamlit as st

from ingest.report import FileProgress, IngestReport, Progress, Stopped
from rag_app.settings import Settings
from vectorstore.errors import RagError

# Reports that nobody dismisses are let go of in the end.
MOST_KEPT = 8
# The speed that is shown is that of the last so many steps: about half a minute.
STEPS_OF_SPEED = 16


@dataclass(slots=True, eq=False)
class Job:
    """One ingest, written by its own thread and read by any; `report` or `error` ends it."""

    settings: Settings
    inputs: Sequence[str]
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    progress: Progress | None = None
    message: str = ""
    report: IngestReport | None = None
    error: RagError | None = None
    is_cancelled: bool = False
    _files: dict[str, FileProgress] = field(default_factory=dict)
    _steps: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=STEPS_OF_SPEED))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_running(self) -> bool:
        """Whether it is still to be finished, begun or not."""
        return self.report is None and self.error is None

    def cancel(self) -> None:
        """Have it stop soon: files that are finished stay, the others are as they were."""
        self.is_cancelled = True

    def files(self) -> list[FileProgress]:
        with self._lock:
            return list(self._files.values())

    def chunks_per_second(self) -> float | None:
        """None while too little is known."""
        with self._lock:
            steps = list(self._steps)
        if len(steps) < 2 or steps[-1][0] <= steps[0][0]:
            return None
        return (steps[-1][1] - steps[0][1]) / (steps[-1][0] - steps[0][0])

    def run(self) -> None:
        try:
            from rag_app.wiring import ingest_paths  # with all that reads and embeds: the page is drawn without it

            self.report = ingest_paths(
                self.inputs, self.settings, on_progress=self._on_progress, on_message=self._on_message
            )
        except RagError as error:
            self.error = error
        except Exception as error:  # a thread that dies unseen would leave a job that never ends
            logging.getLogger(__name__).exception("an ingest broke down")
            self.error = RagError(f"{type(error).__name__}: {error}", "rag doctor checks the installation")

    def _on_progress(self, progress: Progress) -> None:
        if self.is_cancelled:
            raise Stopped
        with self._lock:
            self.progress = progress
            if progress.changed:
                self._files[progress.changed.source] = progress.changed
            if not self._steps or progress.chunks_done > self._steps[-1][1]:
                self._steps.append((time.monotonic(), progress.chunks_done))

    def _on_message(self, message: str) -> None:
        self.message = message


class Jobs:
    """The jobs of a process, by the collection that they write to."""

    def __init__(self) -> None:
        self._jobs: dict[str, list[Job]] = {}
        self._working: set[str] = set()
        self._lock = threading.Lock()

    def start(self, job: Job) -> None:
        """Run it when those before it are finished."""
        collection = job.settings.collection
        with self._lock:
            kept = self._jobs.get(collection, [])
            finished = [earlier for earlier in kept if not earlier.is_running][-MOST_KEPT:]
            self._jobs[collection] = [*finished, *(earlier for earlier in kept if earlier.is_running), job]
            if collection not in self._working:
                self._working.add(collection)
                threading.Thread(target=self._work, args=(collection,), daemon=True).start()

    def of(self, collection: str) -> list[Job]:
        """Those that run or wait, and those whose report nobody has dismissed, the oldest first."""
        with self._lock:
            return list(self._jobs.get(collection, []))

    def dismiss(self, job: Job) -> None:
        with self._lock:
            kept = self._jobs[job.settings.collection]
            kept[:] = [other for other in kept if other is not job]

    def _work(self, collection: str) -> None:
        while job := self._next(collection):
            job.run()

    def _next(self, collection: str) -> Job | None:
        """Looked for under the lock that `start` holds, so that no job is left without a thread, or has two."""
        with self._lock:
            job = next((job for job in self._jobs[collection] if job.is_running), None)
            if job is None:
                self._working.discard(collection)
            return job


@st.cache_resource(show_spinner=False)
def all_jobs() -> Jobs:
    return Jobs()


def start_job(settings: Settings, inputs: Sequence[str]) -> None:
    """Bring the settings' collection, made if there is none, in step with these files and addresses."""
    all_jobs().start(Job(settings, inputs))


def is_ingesting(collection: str) -> bool:
    return any(job.is_running for job in all_jobs().of(collection))
