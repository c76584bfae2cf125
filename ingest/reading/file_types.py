"""Recognises the kind of a document by its name and its bytes, and refuses what is mislabelled or encrypted."""

import hashlib
import importlib.util
import io
import os
import zipfile
import zlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import olefile

from ingest.reading.text_decoding import is_text
from vectorstore.errors import UnreadableFileError


def _words(names: str) -> frozenset[str]:
    return frozenset(names.split())


# The readers that need an extra, and the package of it that they import.
READER_PACKAGES = {"ocr": "rapidocr", "bio": "Bio", "sound": "faster_whisper"}

# Each name is a suffix of the kind; the other kinds have their own name for one.
_SUFFIXES = {
    "markdown": "md markdown mdown mkd mkdn mdx qmd rmd",
    "text": "txt text log rst adoc asciidoc org tex bib textile wiki mediawiki typ djot ass ssa sbv ics vcf",
    # Source code, and data that is written as text. xberg would fetch a grammar for some of it.
    "code": "py pyi pyx js mjs cjs ts tsx jsx vue svelte java kt kts scala groovy clj c h cc cpp cxx hpp hh cs fs vb "
    "go rs swift m mm rb php pl pm lua r jl dart ex exs erl hs ml mli elm nim zig sh bash zsh fish ps1 bat cmd sql "
    "graphql proto thrift css scss sass less json jsonl ndjson json5 geojson yaml yml toml ini cfg conf env "
    "properties gradle cmake mk tf hcl nix dockerfile diff patch csproj xaml plist xsd xsl xslt asm s f90 f for "
    "pas lisp el scm v sv vhd sol cu cl",
    "docx": "docx docm dotx dotm",
    "doc": "doc dot",
    "xlsx": "xlsx xlsm xltx xltm",
    "pptx": "pptx pptm ppsx potx",
    "ppt": "ppt pps",
    "html": "html htm xhtml xht",
    "xml": "xml jats nxml rss atom ttml docbook",
    "eml": "eml emlx mht mhtml",
    "mbox": "mbox mbx",
    "image": "png jpg jpeg jpe gif bmp tif tiff webp",
    "recording": "mp3 m4a m4b aac wav flac ogg oga opus wma aif aiff amr mp4 m4v mov avi mkv webm wmv flv mpg mpeg "
    "3gp ogv",
    "fasta": "fasta fa fna ffn faa frn",
    "genbank": "gb gbk genbank gbff",
    "gz": "gz tgz",
    "bz2": "bz2 tbz tbz2",
    "xz": "xz txz",
}
_KIND_OF_SUFFIX = {f".{name}": kind for kind, names in _SUFFIXES.items() for name in _words(names)} | {
    f".{kind}": kind
    for kind in _words(
        "pdf odt fodt sxw rtf wpd xls xlsb ods csv tsv odp hwp hwpx dbf opml epub fb2 xps msg ipynb vtt srt zip tar"
    )
}
_CODE_NAMES = ("dockerfile", "makefile")
# Skipped by name: what has no text that is read yet, and what has none.
_SKIPPED = _words(
    "jp2 heic heif avif ico icns svg psd ai eps raw cr2 nef dng xcf indd sketch fig emf wmf drawio dwg dxf mid midi au "
    "swf zst lz lz4 lzma br z 7z rar ar cpio cab iso dmg img warc jar war ear apk ipa deb rpm msi whl egg crx xpi exe "
    "dll so dylib a o obj lib pdb class pyc pyo pyd wasm elc beam bin com sys efi ttf otf ttc woff woff2 eot pfb pfm "
    "afm fon db sqlite sqlite3 mdb accdb parquet arrow feather orc avro cbor msgpack pkl pickle npy npz h5 hdf5 mat "
    "rds rdata safetensors gguf ggml onnx pt pth ckpt tflite pb tfrecord shp shx las pages numbers key one chm mobi "
    "azw azw3 djvu pst ost wps pub vsd vsdx mpp pem crt cer der p12 pfx p7m p7s gpg pgp asc sig keystore jks kdbx map "
    "swp swo bak tmp lock part crdownload torrent lnk ds_store"
)
ARCHIVE_KINDS = frozenset(("zip", "tar", "gz", "bz2", "xz"))
MAIL_KINDS = frozenset(("eml", "msg", "mbox"))
SEQUENCE_KINDS = frozenset(("fasta", "genbank"))
SUPPORTED_SUFFIXES = frozenset(_KIND_OF_SUFFIX)

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SIGNATURES = {
    b"%PDF-": "pdf",
    b"{\\rtf": "rtf",
    ZIP: "zip",
    OLE: "doc",  # or another of its family, which the names of its streams decide
    b"\x1f\x8b\x08": "gz",
    b"BZh": "bz2",
    b"\xfd7zXZ\0": "xz",
    b"\x89PNG\r\n": "image",
    b"\xff\xd8\xff": "image",
    b"GIF8": "image",
}
_HEAD_BYTES = 8192
_SIGNATURE_WITHIN = 1024
_ZIP_KINDS = {
    "docx": "a Word document",
    "xlsx": "an Excel workbook",
    "xlsb": "an Excel workbook",
    "pptx": "a PowerPoint presentation",
    "odt": "an OpenDocument text",
    "ods": "an OpenDocument spreadsheet",
    "odp": "an OpenDocument presentation",
    "sxw": "an OpenOffice text",
    "epub": "an EPUB book",
    "xps": "an XPS document",
}
_OLE_KINDS = {
    "doc": "a Word document",
    "xls": "an Excel workbook",
    "ppt": "a PowerPoint presentation",
    "msg": "an Outlook message",
}
_TEXT_KINDS = _words("html csv tsv xml rtf ipynb eml mbox vtt srt fodt fb2 opml fasta genbank")
# Archives of their own right, and text whose first bytes may be an example of something else.
_NEVER_DISGUISED = _words("markdown code eml mbox image gz bz2 xz tar")
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument"
_KIND_OF_MIMETYPE = {
    f"{_OPEN_DOCUMENT}.text": "odt",
    f"{_OPEN_DOCUMENT}.spreadsheet": "ods",
    f"{_OPEN_DOCUMENT}.presentation": "odp",
    "application/epub+zip": "epub",
}
_KIND_OF_MEMBER = {
    "word/document.xml": "docx",
    "xl/workbook.xml": "xlsx",
    "xl/workbook.bin": "xlsb",
    "ppt/presentation.xml": "pptx",
}
_KIND_OF_STREAM = {
    "WordDocument": "doc",
    "Workbook": "xls",
    "Book": "xls",
    "PowerPoint Document": "ppt",
    "__properties_version1.0": "msg",
    "FileHeader": "hwp",
}
BAD_ZIP = (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, zlib.error, EOFError)


@dataclass(frozen=True, slots=True)
class ParseOptions:
    """`password` opens what is encrypted with it; of each sequence the first `letters` are read, since a genome has
    millions and no word in them; `speech_model` is the folder of a Whisper model that transcribes recordings."""

    password: str | None = None
    letters: int = 600
    speech_model: str | None = None


def has_reader(extra: str) -> bool:
    """Whether the package is installed that the readers of this extra import."""
    return importlib.util.find_spec(READER_PACKAGES[extra]) is not None


def install_hint(extra: str) -> str:
    return f"install the {extra} extra: pip install 'rag-app[{extra}]'"


def keep_onnxruntime_silent() -> None:
    """It reports its use to a remote service, unless it finds this before it is imported."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"


def describe_readers(password: str | None, speech_model: str | None) -> str:
    """Names what decides whether a file can be read: a file refused by other readers is worth another try."""
    digest = hashlib.sha256((password or "").encode()).hexdigest()[:8]
    extras = " ".join(f"{extra}={has_reader(extra)}" for extra in READER_PACKAGES)
    return f"{version('rag-app')} {extras} speech={speech_model} password={digest}"


def has_markdown(kind: str) -> bool:
    """Whether the text of pages of this kind has Markdown structure."""
    return kind not in ("pdf", "text", "code", "image")


def detect_kind(path: Path, data: bytes) -> str | None:
    """The kind that the bytes are without doubt, else the one that the name promises; None: to be skipped.

    A name is believed where the bytes do not contradict it, so that a broken `.pdf` fails and is not skipped silently.
    """
    suffix = path.suffix.lower()
    if suffix.removeprefix(".") in _SKIPPED:
        return None
    named = "code" if path.name.lower() in _CODE_NAMES else _KIND_OF_SUFFIX.get(suffix)
    kind = named or _kind_of_unknown(data[:_HEAD_BYTES])
    return kind and (_true_kind(data, kind) if data else kind)


def _kind_of_unknown(head: bytes) -> str | None:
    start = head.lstrip()[:15].lower()
    for signature, kind in _SIGNATURES.items():
        if head.startswith(signature) or (kind in ("pdf", "rtf") and start.startswith(signature.lower())):
            return kind
    if is_html(start):
        return "html"
    return "text" if is_text(head) else None


def is_html(start: bytes) -> bool:
    return start[:15].lower().startswith((b"<!doctype html", b"<html"))


def _true_kind(data: bytes, kind: str) -> str:
    if kind in _NEVER_DISGUISED:
        return kind
    start = data[:_SIGNATURE_WITHIN].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith((b"%PDF-", b"{\\rtf")):
        return _SIGNATURES[start[:5]]
    if data.startswith(ZIP):
        return _zip_kind(data) or kind
    if data.startswith(OLE):
        return kind if kind in ("hwp", "msg") else _ole_kind(data) or kind
    if kind not in (*_ZIP_KINDS, *_OLE_KINDS, "pdf"):
        return kind
    if is_html(start):
        return "html"
    if start.startswith(b"<?xml"):
        return "xml"
    # A PDF without its signature is one all the same to its reader, and its objects may be all text.
    is_plain = (kind != "pdf" or b"endobj" not in data) and not start.startswith(b"<") and is_text(data)
    return "text" if is_plain else kind


def _zip_kind(data: bytes) -> str | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            mimetype = archive.open("mimetype").read(100).decode("latin-1").strip() if "mimetype" in names else ""
    except BAD_ZIP:
        return None
    of_member = next((kind for member, kind in _KIND_OF_MEMBER.items() if member in names), None)
    return _KIND_OF_MIMETYPE.get(mimetype, of_member)


def _ole_kind(data: bytes) -> str | None:
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            return next((kind for stream, kind in _KIND_OF_STREAM.items() if ole.exists(stream)), None)
    except (OSError, ValueError, IndexError):
        return None


def refuse_mislabelled(data: bytes, *, kind: str) -> None:
    """Raises where the bytes cannot be what the name says; the rest is for the format's reader to judge."""
    hint = "check what the file really is and give it the right extension"
    # Office itself opens, and writes, RTF, HTML and the newer formats under the older names.
    is_ole = data.startswith((OLE, ZIP)) or data.lstrip()[:1] in (b"{", b"<")
    if (kind in _ZIP_KINDS and not data.startswith(ZIP)) or (kind in _OLE_KINDS and not is_ole):
        raise UnreadableFileError(f"not {(_ZIP_KINDS | _OLE_KINDS)[kind]}: it does not begin as one", hint)
    if kind in _TEXT_KINDS and not is_text(data[:65_536]):
        raise UnreadableFileError(f"not text: a .{kind} file is text, and these bytes are none", hint)
