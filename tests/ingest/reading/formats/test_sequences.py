"""FASTA and GenBank files become a section a record."""

import pytest

from tests.ingest.documents import parse

pytest.importorskip("Bio", reason="the extra bio is not installed")


def test_a_fasta_record_is_a_section_with_its_accession() -> None:
    first = b">NM_000518.5 Homo sapiens hemoglobin subunit beta (HBB), mRNA\nACATTTGCTTCTGACACAAC\nTGTGTTCACT\n"
    data = first + b">P2 second\nMKV\n"
    (page,) = parse("genes.fasta", data).pages
    start, second = page.text.index("NM_000518.5"), page.text.index("P2")
    assert "hemoglobin subunit beta" in page.text[start:second]
    assert "ACATTTGCTTCTGACACAACTGTGTTCACT" in page.text[start:second].replace("\n", "")
    assert "MKV" in page.text[second:]


GENBANK = """LOCUS       AB000001                  30 bp    mRNA    linear   PRI 01-JAN-2020
DEFINITION  Homo sapiens mRNA for example protein, complete cds.
ACCESSION   AB000001
VERSION     AB000001.1
SOURCE      Homo sapiens (human)
  ORGANISM  Homo sapiens
            Eukaryota; Metazoa.
FEATURES             Location/Qualifiers
     source          1..30
                     /organism="Homo sapiens"
     CDS             1..30
                     /gene="EXA1"
                     /product="example protein"
ORIGIN
        1 acatttgctt ctgacacaac tgtgttcact
//
"""


def test_a_genbank_record_shows_its_organism_and_features() -> None:
    (page,) = parse("gene.gb", GENBANK.encode()).pages
    for shown in ("AB000001.1", "Homo sapiens", "EXA1", "example protein"):
        assert shown in page.text
