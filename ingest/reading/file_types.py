"""A file's name and first bytes turned into the kind of document it is, or into None where it is not to be read."""

import hashlib
import importlib.util
import os
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from ingest.reading.text_decoding import is_text


@dataclass(frozen=True, slots=True)
class ParseOptions:
    """`password` opens what is encrypted with it; of each sequence the first `letters` are read, since a genome has
    millions and no word in them; `speech_model` is the folder of a Whisper model that recordings are heard by."""

    password: str | None = None
    letters: int = 600
    speech_model: str | None = None


# What the readers that need an extra import, by the name of the extra.
READER_PACKAGES = {"ocr": "rapidocr", "bio": "Bio", "sound": "faster_whisper"}


def is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def keep_onnxruntime_silent() -> None:
    """It reports its use to a remote service, unless it finds this before it is imported."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"


def describe_readers(password: str | None, speech_model: str | None) -> str:
    """What decides whether a file can be read: what was refused by other readers is worth another try."""
    digest = hashlib.sha256((password or "").encode()).hexdigest()[:8]
    extras = " ".join(f"{extra}={is_installed(package)}" for extra, package in READER_PACKAGES.items())
    return f"{version('rag-app')} {extras} speech={speech_model} password={digest}"


def has_markdown(kind: str) -> bool:
    """Whether the text of pages of this kind has Markdown structure."""
    return kind not in ("pdf", "text", "code", "image")


def _suffixes(names: str) -> frozenset[str]:
    return frozenset(f".{name}" for name in names.split())


# By xberg. Each kind's own name is a suffix too.
_STRUCTURED_KINDS = {
    "docx": "docm dotx dotm",
    "doc": "dot",
    "odt": "",
    "fodt": "",
    "sxw": "",
    "rtf": "",
    "wpd": "",
    "xlsx": "xlsm xltx xltm",
    "xls": "",
    "xlsb": "",
    "ods": "",
    "csv": "",
    "tsv": "",
    "pptx": "pptm ppsx potx",
    "ppt": "pps",
    "odp": "",
    "hwp": "",
    "hwpx": "",
    "dbf": "",
    "opml": "",
    "html": "htm xhtml xht",
    "xml": "jats nxml rss atom ttml docbook",
    "epub": "",
    "fb2": "",
    "xps": "",
    "eml": "emlx mht mhtml",
    "mbox": "mbx",
    "msg": "",
    "ipynb": "",
    "vtt": "",
    "srt": "",
}
_KIND_OF_SUFFIX = {".pdf": "pdf"} | dict.fromkeys(_suffixes("md markdown mdown mkd mkdn mdx qmd rmd"), "markdown")
for _kind, _others in _STRUCTURED_KINDS.items():
    _KIND_OF_SUFFIX |= dict.fromkeys(_suffixes(f"{_kind} {_others}"), _kind)

_KIND_OF_SUFFIX |= dict.fromkeys(
    _suffixes("txt text log rst adoc asciidoc org tex bib textile wiki mediawiki typ djot ass ssa sbv ics vcf"), "text"
)
# Source code, and data that is written as text. xberg would fetch a grammar for some of it.
_KIND_OF_SUFFIX |= dict.fromkeys(
    _suffixes(
        "py pyi pyx js mjs cjs ts tsx jsx vue svelte java kt kts scala groovy clj c h cc cpp cxx hpp hh cs fs vb go rs "
        "swift m mm rb php pl pm lua r jl dart ex exs erl hs ml mli elm nim zig sh bash zsh fish ps1 bat cmd sql "
        "graphql proto thrift css scss sass less json jsonl ndjson json5 geojson yaml yml toml ini cfg conf env "
        "properties gradle cmake mk tf hcl nix dockerfile diff patch csproj xaml plist xsd xsl xslt asm s f90 f for "
        "pas lisp el scm v sv vhd sol cu cl"
    ),
    "code",
)

_KIND_OF_SUFFIX |= dict.fromkeys(_suffixes("png jpg jpeg jpe gif bmp tif tiff webp"), "image")
_KIND_OF_SUFFIX |= dict.fromkeys(
    _suffixes(
        "mp3 m4a m4b aac wav flac ogg oga opus wma aif aiff amr mp4 m4v mov avi mkv webm wmv flv mpg mpeg 3gp ogv"
    ),
    "recording",
)
_KIND_OF_SUFFIX |= dict.fromkeys(_suffixes("fasta fa fna ffn faa frn"), "fasta")
_KIND_OF_SUFFIX |= dict.fromkeys(_suffixes("gb gbk genbank gbff"), "genbank")
_KIND_OF_SUFFIX |= {".zip": "zip", ".tar": "tar"}
_KIND_OF_SUFFIX |= dict.fromkeys(_suffixes("gz tgz"), "gz") | dict.fromkeys(_suffixes("bz2 tbz tbz2"), "bz2")
_KIND_OF_SUFFIX |= dict.fromkeys(_suffixes("xz txz"), "xz")
ARCHIVE_KINDS = frozenset(("zip", "tar", "gz", "bz2", "xz"))
MAIL_KINDS = frozenset(("eml", "msg", "mbox"))
SEQUENCE_KINDS = frozenset(("fasta", "genbank"))
_SIGNATURES = {
    b"%PDF-": "pdf",
    b"{\\rtf": "rtf",
    b"PK\x03\x04": "zip",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "doc",  # or another of its family: the whole file tells
    b"\x1f\x8b\x08": "gz",
    b"BZh": "bz2",
    b"\xfd7zXZ\0": "xz",
    b"\x89PNG\r\n": "image",
    b"\xff\xd8\xff": "image",
    b"GIF8": "image",
}

# Skipped by name: what has no text that is read yet, and what has none.
_SKIPPED = (
    _suffixes("jp2 heic heif avif ico icns svg psd ai eps raw cr2 nef dng xcf indd sketch fig emf wmf drawio dwg dxf")
    | _suffixes("mid midi au swf")
    | _suffixes("zst lz lz4 lzma br z 7z rar ar cpio cab iso dmg img warc")
    | _suffixes("jar war ear apk ipa deb rpm msi whl egg crx xpi")
    | _suffixes("exe dll so dylib a o obj lib pdb class pyc pyo pyd wasm elc beam bin com sys efi")
    | _suffixes("ttf otf ttc woff woff2 eot pfb pfm afm fon")
    | _suffixes("db sqlite sqlite3 mdb accdb parquet arrow feather orc avro cbor msgpack pkl pickle npy npz")
    | _suffixes("h5 hdf5 mat rds rdata safetensors gguf ggml onnx pt pth ckpt tflite pb tfrecord shp shx las")
    | _suffixes("pages numbers key one chm mobi azw azw3 djvu pst ost wps pub vsd vsdx mpp")
    | _suffixes("pem crt cer der p12 pfx p7m p7s gpg pgp asc sig keystore jks kdbx")
    | _suffixes("map swp swo bak tmp lock part crdownload torrent lnk ds_store")
)
_CODE_NAMES = frozenset(("dockerfile", "makefile"))

supported_suffixes = frozenset(_KIND_OF_SUFFIX)


def is_supported(path: Path) -> bool:
    """False where the name alone says that the file is to be skipped; an unknown suffix needs `detect_kind`."""
    return path.suffix.lower() not in _SKIPPED


def detect_kind(path: Path, head: bytes) -> str | None:
    """The kind of document, from the name and the first bytes (8 KB are enough); None: to be skipped.

    A name that promises a kind is believed, so that a `.pdf` that is none fails and is not silently passed over.
    """
    if not is_supported(path):
        return None
    if path.name.lower() in _CODE_NAMES:
        return "code"
    return _KIND_OF_SUFFIX.get(path.suffix.lower()) or _kind_of_unknown(head)


def _kind_of_unknown(head: bytes) -> str | None:
    start = head.lstrip()[:15].lower()
    for signature, kind in _SIGNATURES.items():
        if head.startswith(signature) or (kind in ("pdf", "rtf") and start.startswith(signature.lower())):
            return kind
    if start.startswith((b"<!doctype html", b"<html")):
        return "html"
    return "text" if is_text(head) else None
