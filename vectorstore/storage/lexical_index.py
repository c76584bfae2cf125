"""Finds the chunks that share words with a question, by BM25 (tantivy, on disk, grows in place)."""

import ctypes
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path

import tantivy

from vectorstore.errors import translated_index_errors
from vectorstore.text_analysis import LANGUAGES, analyze, detect_language
from vectorstore.types import Chunk

# Characters added of the chunks before and after: a name is said once, and then goes on as "it".
# On SciFact's training queries whole abstracts (about 1,500 characters) find better than chunks of 200 tokens do.
NEIGHBOUR_CHARACTERS = 1_000
# A chunk's own words count twice where it has neighbours, so that of two neighbours the one that says it comes first.
OWN_WEIGHT = 2
TERMS = "terms"
# A question is cut here so that a page pasted as a question stays a query of milliseconds.
MAX_QUESTION_TERMS = 64
WRITER_BYTES = 50_000_000
REMEMBERED_CHARACTERS, REMEMBERED_TEXTS = 500, 2_000
# By language: the terms of a question, each with its weight: 1, or less for those of the question before it.
WeightedTerms = Mapping[str, Mapping[str, float]]


def lexical_texts(chunks: Sequence[Chunk]) -> Iterator[tuple[Chunk, str, str]]:
    """Each chunk with its language and its terms, parted by spaces; a source's chunks come together and in order."""
    for _, group in groupby(chunks, key=lambda chunk: chunk.source):
        of_source = list(group)
        language = detect_language("\n".join(chunk.text for chunk in of_source[:8]))
        own = [" ".join(analyze(chunk.text, language)) for chunk in of_source]
        heads = {(chunk.title, *chunk.headings) for chunk in of_source}
        names = {head: " ".join(analyze("\n".join(head), language)) for head in heads}
        for place, chunk in enumerate(of_source):
            around = [own[i] for i in neighbours(of_source, place)]
            times = OWN_WEIGHT if around else 1
            name = names[chunk.title, *chunk.headings]
            yield chunk, language, " ".join((name, *around, *[own[place]] * times))


def neighbours(chunks: Sequence[Chunk], place: int) -> list[int]:
    """The nearest chunks before and after one, as far as NEIGHBOUR_CHARACTERS go on either side."""
    found = []
    for step in (-1, 1):
        room, other = NEIGHBOUR_CHARACTERS, place + step
        while 0 <= other < len(chunks) and len(chunks[other].text) <= room:
            room -= len(chunks[other].text)
            found.append(other)
            other += step
    return found


class LexicalIndex:
    """One tantivy index of chunks: `change` writes, `reader` reads what was last committed."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._collection = folder.parent
        self._schema = build_schema()
        with translated_index_errors(self._collection):
            self._index = tantivy.Index(self._schema, path=str(folder), reuse=True)
        self._index.register_tokenizer(TERMS, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())

    def change(self, *, add: Sequence[Chunk] = (), remove: Iterable[str] = ()) -> None:
        """Remove chunk ids, then add chunks (replacing equal ids), in one commit.

        The chunks of a source are added all together and in order: each is found by its neighbours' words too.
        """
        with translated_index_errors(self._collection):
            writer = self._index.writer(heap_size=WRITER_BYTES, num_threads=1)
            try:
                for chunk_id in remove:
                    writer.delete_documents_by_term("id", chunk_id)
                for chunk, language, words in lexical_texts(add):
                    writer.delete_documents_by_term("id", chunk.id)
                    writer.add_document(
                        tantivy.Document(id=chunk.id, source=chunk.source, language=language, words=words)
                    )
                writer.commit()
            finally:
                writer.wait_merging_threads()
            self._index.reload()
        release_freed_memory()

    def reader(self) -> "LexicalReader":
        """The index as of its last commit, whichever process made it."""
        with translated_index_errors(self._collection):
            self._index.reload()
            return LexicalReader(self._index.searcher(), self._schema)


class LexicalReader:
    """One state of the index. The terms of short texts are remembered: a title is analysed once a question.

    `languages` are those of LANGUAGES that chunks are written in, with their numbers: about, until deleted chunks are
    merged away.
    """

    def __init__(self, searcher: tantivy.Searcher, schema: tantivy.Schema) -> None:
        self._searcher, self._schema = searcher, schema
        self._terms: dict[str, list[str]] = {}
        counts = {language: searcher.doc_freq("language", language) for language in LANGUAGES}
        self.languages = {language: count for language, count in counts.items() if count}

    def match(self, question: WeightedTerms, *, limit: int, sources: Iterable[str] | None = None) -> dict[str, float]:
        """Chunk ids to scores in [0, 1], best first: BM25, made comparable between questions by `bm25_scale`.

        With `sources`, only of those documents, by the same scores as among all.
        """
        weights: dict[str, float] = {}
        for terms in question.values():
            weights |= {term: max(weight, weights.get(term, 0.0)) for term, weight in terms.items()}
        if not weights:
            return {}
        words = [(tantivy.Occur.Should, self._term_query(term, weight)) for term, weight in weights.items()]
        query = tantivy.Query.boolean_query(words)
        if sources is not None:
            given = tantivy.Query.term_set_query(self._schema, "source", list(sources))
            must = [(tantivy.Occur.Must, one) for one in (tantivy.Query.const_score_query(given, 0.0), query)]
            query = tantivy.Query.boolean_query(must)
        hits = self._searcher.search(query, limit, count=False).hits
        if not hits:
            return {}
        # No chunk is of two languages: what could be reached is the most that one of them could.
        idf = self.weigh(weights)
        reachable = max(sum(idf[term] * weight for term, weight in terms.items()) for terms in question.values())
        scale = bm25_scale(float(hits[0][0]), reachable)
        return {self._id_at(address): float(score) / scale for score, address in hits}

    def _term_query(self, term: str, weight: float) -> tantivy.Query:
        query = tantivy.Query.term_query(self._schema, "words", term, "freq")
        return query if weight == 1.0 else tantivy.Query.boost_query(query, weight)

    def terms(self, text: str) -> list[str]:
        """The distinct stemmed words of a text that the index looks for, in order."""
        if (known := self._terms.get(text)) is not None:
            return known
        terms = list(dict.fromkeys(term for language in self.languages for term in analyze(text, language)))
        if len(text) <= REMEMBERED_CHARACTERS and len(self._terms) < REMEMBERED_TEXTS:
            self._terms[text] = terms
        return terms

    def matched(self, question: str, chunk: Chunk) -> list[str]:
        """The terms of a question that a chunk has, in its title, headings or text."""
        there = set(self.terms("\n".join((chunk.title, *chunk.headings, chunk.text))))
        return [term for term in self.terms(question) if term in there]

    def weigh(self, terms: Iterable[str]) -> dict[str, float]:
        """Each term with its inverse document frequency among the chunks."""
        documents, count = self._searcher.num_docs, self._searcher.doc_freq
        return {term: inverse_document_frequency(documents, count("words", term)) for term in terms}

    def analyze_question(self, question: str) -> dict[str, list[str]]:
        """The first distinct terms that a question has in each language of the collection."""
        distinct = {language: list(dict.fromkeys(analyze(question, language))) for language in self.languages}
        return {language: terms[:MAX_QUESTION_TERMS] for language, terms in distinct.items()}

    def ids(self) -> set[str]:
        hits = self._searcher.search(tantivy.Query.all_query(), max(len(self), 1), count=False).hits
        return {self._id_at(address) for _, address in hits}

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def _id_at(self, address: tantivy.DocAddress) -> str:
        return str(self._searcher.doc(address)["id"][0])


def bm25_scale(best: float, reachable: float) -> float:
    """√(best BM25 of the question × the sum of its terms' idf): between what is reached and what could be.

    A question that matches poorly everywhere thus weighs less against the cosine than one that matches well.
    """
    return math.sqrt(best * max(reachable, best))


def inverse_document_frequency(documents: int, with_term: int) -> float:
    """BM25's own: ln(1 + (N - n + 0.5) / (n + 0.5))."""
    # Until tantivy merges a word's deleted documents away it counts them, though not among all documents.
    with_term = min(with_term, documents)
    return math.log(1 + (documents - with_term + 0.5) / (with_term + 0.5))


def build_schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("source", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("language", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("words", tokenizer_name=TERMS, index_option="freq")
    return builder.build()


def release_freed_memory() -> None:
    """Memory that Chroma and tantivy free, glibc keeps, a little more with every change; other systems do not."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
