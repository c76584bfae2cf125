"""Runs ingests in background threads, those of one collection in turn, where every tab and visitor sees them."""

import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from ingest.report import FileProgress, IngestReport, Progress, Stopped
from rag_app.settings import Settings
from vectorstore.errors import RagError

# Reports that nobody dismisses are dropped in the end.
MOST_KEPT = 8
# The number of last steps whose speed is shown: about half a minute.
STEPS_OF_SPEED = 16


@dataclass(slots=True, eq=False)
class Job:
    """One ingest, written by its own thread and read by any; `report` or `error` ends it."""

    settings: Settings
    inputs: Sequence[str]
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    files: dict[str, FileProgress] = field(default_factory=dict)
    message: str = "Waiting …"
    report: IngestReport | None = None
    error: RagError | None = None
    is_cancelled: bool = False
    _steps: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=STEPS_OF_SPEED))

    @property
    def is_running(self) -> bool:
        """Whether it is still to be finished, begun or not."""
        return self.report is None and self.error is None

    def cancel(self) -> None:
        """Have it stop soon: files that are finished stay, the others are as they were."""
        self.is_cancelled = True

    def chunks_per_second(self) -> float | None:
        """None while too little is known."""
        steps = self._steps.copy()
        if len(steps) < 2 or steps[-1][0] <= steps[0][0]:
            return None
        return (steps[-1][1] - steps[0][1]) / (steps[-1][0] - steps[0][0])

    def run(self) -> None:
        try:
            from rag_app.wiring import ingest_paths  # with all that reads and embeds: the page is drawn without it

            with TURNS.setdefault(self.settings.collection, threading.Lock()):
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
        if progress.changed:
            self.files[progress.changed.source] = progress.changed
        if not self._steps or progress.chunks_done > self._steps[-1][1]:
            self._steps.append((time.monotonic(), progress.chunks_done))

    def _on_message(self, message: str) -> None:
        self.message = message


# Those of all collections and visitors, the oldest first, and for each collection the lock of the one that runs.
JOBS: list[Job] = []
TURNS: dict[str, threading.Lock] = {}


def jobs_of(collection: str) -> list[Job]:
    """Those that run or wait, and those whose report nobody has dismissed, the oldest first."""
    return [job for job in JOBS.copy() if job.settings.collection == collection]


def start_job(settings: Settings, inputs: Sequence[str]) -> None:
    """Bring the settings' collection, made if there is none, in step with these files and addresses."""
    job = Job(settings, inputs)
    finished = [earlier for earlier in jobs_of(settings.collection) if not earlier.is_running]
    for earlier in finished[:-MOST_KEPT]:
        dismiss(earlier)
    JOBS.append(job)
    threading.Thread(target=job.run, daemon=True).start()


def dismiss(job: Job) -> None:
    with suppress(ValueError):  # another visitor was quicker
        JOBS.remove(job)


def is_ingesting(collection: str) -> bool:
    return any(job.is_running for job in jobs_of(collection))
