"""Reads FASTA and GenBank files into one page: a section a record, with its features and sequence."""

import io
import textwrap
from collections.abc import Iterator
from typing import Any

from ingest.reading.file_types import has_reader, install_hint
from ingest.reading.text_decoding import decode_text
from vectorstore.errors import UnreadableFileError
from vectorstore.types import Page

FORMATS = {"fasta": "FASTA", "genbank": "GenBank"}
_LETTERS_A_LINE = 60
_MAX_FEATURES = 200
_QUALIFIERS = ("gene", "locus_tag", "product", "protein_id", "function", "note", "organism", "mol_type", "db_xref")
_MAX_QUALIFIER = 200
_MAX_RECORDS = 20_000


def read_sequences(data: bytes, *, kind: str, most_letters: int) -> tuple[Page, ...]:
    if not has_reader("bio"):
        raise UnreadableFileError(f"a {FORMATS[kind]} file is not read without Biopython", install_hint("bio"))
    from Bio import SeqIO  # optional, and slow to import

    parse: Any = SeqIO.parse
    text = decode_text(data).replace("\r\n", "\n").lstrip()
    try:
        records = parse(io.StringIO(text), "fasta-pearson" if kind == "fasta" else "genbank")
        sections = list(_sections(records, most_letters))
    except (ValueError, AssertionError, LookupError, TypeError, AttributeError) as error:
        raise UnreadableFileError(f"not a {FORMATS[kind]} file that can be read", "check its records") from error
    if not sections:
        raise UnreadableFileError(f"no {FORMATS[kind]} record in it", "check what the file really is")
    return (Page(None, "\n\n".join(sections)),)


def _sections(records: Iterator[Any], most_letters: int) -> Iterator[str]:
    for number, record in enumerate(records):
        if number == _MAX_RECORDS:
            raise UnreadableFileError(f"more than {_MAX_RECORDS:,} records", "split it into smaller files")
        description = str(record.description).removeprefix(str(record.id)).strip()
        facts = {
            "Organism": record.annotations.get("organism"),
            "Description": "" if description == "<unknown description>" else description,
            "Taxonomy": ", ".join(record.annotations.get("taxonomy", ())),
            "Keywords": ", ".join(word for word in record.annotations.get("keywords", ()) if word),
            "Length": f"{len(record.seq)} letters",
        }
        lines = [f"{name}: {' '.join(str(value).split())}" for name, value in facts.items() if value]
        features = [_feature(feature) for feature in record.features[:_MAX_FEATURES]]
        blocks = [f"# {record.id}", "\n".join(lines), "\n".join(features), _sequence(record, most_letters)]
        yield "\n\n".join(filter(None, blocks))


def _feature(feature: Any) -> str:
    known = feature.qualifiers
    shown = [f"{name}={known[name][0][:_MAX_QUALIFIER]}" for name in _QUALIFIERS if known.get(name)]
    return f"- {feature.type} {feature.location}: {'; '.join(shown)}".removesuffix(": ")


def _sequence(record: Any, most_letters: int) -> str:
    try:
        letters = str(record.seq[:most_letters])
    except ValueError:  # a GenBank record may give the length alone
        return ""
    more = len(record.seq) - most_letters
    lines = textwrap.wrap(letters, _LETTERS_A_LINE) + ([f"(and {more} more)"] if more > 0 else [])
    return "\n".join(["```", *lines, "```"]) if letters else ""
