"""From what was found on disk and what a collection knows to the documents that are gone."""

from pathlib import Path

from ingest.sources import FoundFiles
from vectorstore.errors import InputError
from vectorstore.records import SourceRecord


def judge_absent(found: FoundFiles, known: dict[str, SourceRecord]) -> tuple[list[str], list[str]]:
    """The known sources that are gone from disk, and warnings about folders that may only be unmounted."""
    present = {file.source for file in found.files}
    absent, warnings = [], []
    for folder in found.folders:
        inside = [source for source in known if is_below(source, folder) and source not in present]
        if not any(is_below(source, folder) for source in present):
            kept = f"; its {len(inside)} documents are kept" if inside else ""
            warnings.append(f"there is nothing to ingest in {folder}{kept}")
        else:
            # Hidden and ignored files that were named one by one are not found by walking, and yet are there.
            absent += [source for source in inside if is_gone(source)]
    for path in found.absent:
        inside = [source for source in known if is_below(source, path)]
        if str(path) in known:
            absent.append(str(path))
        elif inside:
            warnings.append(f"{path} is not there; its {len(inside)} documents are kept")
        else:
            raise InputError(
                f"there is no file or folder {path}",
                "check the path; rag ingest --help shows examples",
            )
    return absent, warnings


def is_gone(source: str) -> bool:
    """False too where nobody can tell, such as in a folder that may not be entered."""
    try:
        Path(source).stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def is_below(source: str, folder: Path) -> bool:
    return source.startswith(f"{folder}/") or folder in Path(source).parents
