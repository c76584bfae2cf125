"""Reads office documents, web pages, books and tables into pages of Markdown by xberg, and decrypts them."""

import asyncio
import html
import io
import re
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import xberg

from ingest.reading.file_types import BAD_ZIP, OLE, ZIP
from ingest.reading.formats.document_tree import TreeNode, render_pages
from ingest.reading.text_decoding import decode_lines, decode_text
from vectorstore.errors import UnreadableFileError
from vectorstore.types import Page

# Of the newer formats, and of the old PowerPoint.
_ENCRYPTED_STREAMS = ("EncryptedPackage".encode("utf-16-le"), "EncryptedSummary".encode("utf-16-le"))
_WORD_HEADER = slice(512, 524)  # where the old Word's stream begins in nearly every file
_WORD_MAGIC = b"\xec\xa5"

# Kinds whose numbered pages are in the file. Word processors lay pages out when they draw: what xberg counts there
# are the hand-made breaks, which would cite page 2 for what every reader sees on page 9.
_PAGED_KINDS = frozenset({"xlsx", "xls", "xlsb", "ods", "pptx", "ppt", "odp"})

FENCED = re.compile(r"^[ \t]*(?P<fence>`{3,}|~{3,})[^\n]*\n.*?^[ \t]*(?P=fence)[ \t]*$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(
    r"""\\(?P<escaped>[!-/:-@\[-`{-~])
      | (?P<ticks>`+)(?P<code>.+?)(?P=ticks)(?!`)
      | (?P<image>!\[(?:[^\]\\]|\\.)*\]\((?:<[^>\n]*>|[^()\s]|\([^()\s]*\))*(?:\s+"[^"]*")?\))
      | \[(?P<label>(?:[^\[\]\\]|\\.|\[(?:[^\[\]\\]|\\.)*\])*)\]\((?:<[^>\n]*>|[^()\s]|\([^()\s]*\))*(?:\s+"[^"]*")?\)
      | <(?P<address>(?:https?://|mailto:)[^>\s]+|[^<>\s@]+@[^<>\s@]+)>
      | (?P<emphasis>\*{1,3}|~~|==(?=\S)|(?<=\S)==)""",
    re.VERBOSE | re.DOTALL,
)
_TITLE = re.compile(r"<title\b[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_TITLE_WITHIN = 100_000


def encrypted_error() -> UnreadableFileError:
    return UnreadableFileError("the file is encrypted", "give its password: rag ingest --password …")


def wrong_password_error() -> UnreadableFileError:
    return UnreadableFileError("the file is encrypted, with another password", "give --password with its own")


def decrypt_office(data: bytes, password: str | None) -> bytes:
    """The bytes as they are where they are not encrypted; raises UnreadableFileError where they stay so."""
    if _is_encrypted(data) and password is not None:
        data = _decrypt(data, password)
    if _is_encrypted(data) or (data.startswith(ZIP) and _has_encrypted_members(data)):
        raise encrypted_error()
    return data


def _is_encrypted(data: bytes) -> bool:
    """Office wraps an encrypted file in an OLE container, or flags it."""
    word = data[_WORD_HEADER]
    # The bit fEncrypted of the file information block, [MS-DOC] 2.5.2.
    flagged = word.startswith(_WORD_MAGIC) and len(word) > 11 and word[11] & 1 == 1
    return data.startswith(OLE) and (flagged or any(stream in data for stream in _ENCRYPTED_STREAMS))


def _has_encrypted_members(data: bytes) -> bool:
    """ZIP flags each; OpenDocument lists them in its manifest."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if any(member.flag_bits & 1 for member in archive.infolist()):
                return True
            manifest = "META-INF/manifest.xml"
            return manifest in archive.namelist() and b"encryption-data" in archive.open(manifest).read(1_000_000)
    except BAD_ZIP:
        return False


def _decrypt(data: bytes, password: str) -> bytes:
    import msoffcrypto  # slow to import, and seldom needed
    from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError, ParseError

    target = io.BytesIO()
    try:
        office = msoffcrypto.OfficeFile(io.BytesIO(data))
        office.load_key(password=password)
        office.decrypt(target)
    except (InvalidKeyError, DecryptionError) as error:
        raise wrong_password_error() from error
    except (FileFormatError, ParseError, OSError, ValueError, NotImplementedError) as error:
        raise encrypted_error() from error
    return target.getvalue()


def read_structured(data: bytes, *, kind: str) -> tuple[str | None, tuple[Page, ...]]:
    """The document's own title, if it names one, and its pages; raises UnreadableFileError."""
    if kind in ("csv", "tsv"):
        data = decode_text(data).encode()
    if kind == "srt":
        # SubRip is WebVTT with commas in its times; xberg reads the times of SubRip as words.
        lines = decode_lines(data).split("\n")
        timed = [line.replace(",", ".") if "-->" in line else line for line in lines]
        data, kind = "\n".join(["WEBVTT", "", *timed]).encode(), "vtt"
    document = _extract(data, f"document.{kind}")
    if kind == "html":
        return _html_title(data) or document.metadata.title, (Page(None, _clean_markdown(document.content)),)
    title = document.metadata.title or (document.metadata.subject if kind == "msg" else None)
    nodes = [TreeNode.of(node) for node in (document.document.nodes if document.document else ())]
    if kind == "xml" and not any(node.text for node in nodes if node.type != "heading"):
        return title, (Page(None, decode_lines(data)),)  # all it says, it says in its attributes
    return title, render_pages(nodes, paged=kind in _PAGED_KINDS, lines=kind == "vtt")


def _extract(data: bytes, name: str) -> Any:
    source = xberg.ExtractInput(kind="bytes", bytes=data, filename=name)
    try:
        # In a thread of its own, since Jupyter and Streamlit may already run an event loop in this one.
        with ThreadPoolExecutor(max_workers=1) as executor:
            result = executor.submit(asyncio.run, xberg.extract(source, _config())).result()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of xberg's Rust code is no Exception
        raise _refusal(error) from error
    if not result.results:
        raise _refusal(result.errors[0].message if result.errors else "nothing in it")
    return result.results[0]


def _refusal(error: object) -> UnreadableFileError:
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    if "password" in first.lower() or "encrypted" in first.lower():
        return encrypted_error()
    message = f"damaged, or not what its name says: {first.removeprefix('Parsing error: ')[:200]}"
    return UnreadableFileError(message, "open it in its own program and save it again")


def _config() -> xberg.ExtractionConfig:
    return xberg.ExtractionConfig(
        use_cache=False,  # it would write into the home folder
        disable_ocr=True,
        enable_quality_processing=False,  # it rewrites the text
        max_archive_depth=0,  # attachments and embedded files are not this document's words
        output_format="markdown",
        # Every literal mark escaped, so that what is not is markup; one mark for all list items.
        html_options=xberg.ConversionOptions(
            extract_metadata=False,
            skip_images=True,
            escape_asterisks=True,
            escape_underscores=True,
            escape_misc=True,
            bullets="-",
            compact_tables=True,
            exclude_selectors=["iframe", "noscript", "template"],
        ),
        include_document_structure=True,
        # By default it refuses 100,000 cells, and slides that compress 100 times.
        security_limits=xberg.SecurityLimits(
            max_archive_size=300_000_000, max_compression_ratio=2_000, max_table_cells=5_000_000
        ),
    )


def _html_title(data: bytes) -> str | None:
    try:
        found = _TITLE.search(decode_text(data[:_TITLE_WITHIN]))
    except UnreadableFileError:
        return None
    return html.unescape(found.group(1)).strip() if found else None


def _clean_markdown(markdown: str) -> str:
    """Without escapes, emphasis, images and the targets of links; code blocks, headings, lists and tables kept."""
    pieces, end = [], 0
    for block in FENCED.finditer(markdown):
        pieces += [_clean_prose(markdown[end : block.start()]), block.group()]
        end = block.end()
    text = "".join([*pieces, _clean_prose(markdown[end:])])
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _clean_prose(text: str) -> str:
    return re.sub(r"[ \t]+$", "", _INLINE.sub(_plain, text), flags=re.MULTILINE)


def _plain(match: re.Match[str]) -> str:
    if match["escaped"]:
        # In a table the escape is what keeps the bar from ending the cell.
        return "\\|" if match["escaped"] == "|" else match["escaped"]
    if match["label"] is not None:
        return _INLINE.sub(_plain, match["label"])
    return match["code"] or match["address"] or ""
