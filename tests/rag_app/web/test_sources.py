"""What is sent of a source that is opened page by page, quoting nothing."""

import shutil
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from rag_app import Citation, Settings, ingest_paths
from rag_app.samples import SAMPLES_DIR
from rag_app.web.sources import FILE_CHANGED, FILE_GONE, GONE, PART_CHARACTERS, Offer, part_starts, source_values


@given(st.text(alphabet="ab \n", max_size=200).map(lambda text: text * 400))
def test_parts_are_all_of_the_text_and_none_is_too_long(text: str) -> None:
    starts = part_starts(text)
    parts = [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
    assert "".join(parts) == text
    assert all(len(part) <= PART_CHARACTERS for part in parts)


def test_a_pdf_that_is_not_the_one_that_was_read_is_shown_by_its_text_alone(tmp_path: Path) -> None:
    path = Path(shutil.copy(SAMPLES_DIR / "guidance-computer.pdf", tmp_path / "crew.pdf"))
    settings = Settings(collection="papers", data_dir=tmp_path / "data")
    ingest_paths([path], settings=settings)
    offer = Offer(settings, Citation(2, str(path), "Crew", 2, 0, 0, "", None), "", ())
    shown = source_values(offer, reach=10)
    assert shown["picture"]["top"] == 0
    assert shown["original"] == {"download": True, "note": None}
    assert shown["after"].startswith("The alarms of Apollo 11")
    shutil.copy(SAMPLES_DIR / "apollo-11-mission.pdf", path)
    changed = source_values(offer, reach=10)
    assert (changed["original"]["note"], changed["after"], "picture" in changed) == (
        FILE_CHANGED,
        shown["after"],
        False,
    )
    path.unlink()
    assert source_values(offer, reach=10)["original"] == {"note": FILE_GONE}
    other = Offer(settings, Citation(1, "/no/such.md", "", None, 0, 0, "", None), "", ())
    assert source_values(other, reach=10)["warning"] == GONE
