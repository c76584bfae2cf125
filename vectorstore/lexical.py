"""The lexical index: which chunks share words with a question, by BM25 (tantivy, on disk, grows in place)."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import tantivy

from vectorstore.memory import release_freed_memory
from vectorstore.stopwords import ENGLISH_STOP_WORDS
from vectorstore.storage_errors import translated_index_errors
from vectorstore.types import Chunk

ANALYZER = "stemmed"
# A question is cut here so that a page pasted as a question stays a query of milliseconds.
MAX_QUESTION_TERMS = 64
WRITER_BYTES = 50_000_000


class LexicalIndex:
    """One tantivy index of chunks: `add` and `remove` write, `match` reads what was last committed."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._collection = folder.parent
        self._analyzer = build_analyzer()
        self._schema = build_schema()
        with translated_index_errors(self._collection):
            self._index = tantivy.Index(self._schema, path=str(folder), reuse=True)
        self._index.register_tokenizer(ANALYZER, self._analyzer)

    def change(self, *, add: Iterable[Chunk] = (), remove: Iterable[str] = ()) -> None:
        """Remove chunk ids, then add chunks (replacing equal ids), in one commit."""
        with translated_index_errors(self._collection):
            writer = self._index.writer(heap_size=WRITER_BYTES, num_threads=1)
            try:
                for chunk_id in remove:
                    writer.delete_documents_by_term("id", chunk_id)
                for chunk in add:
                    writer.delete_documents_by_term("id", chunk.id)
                    words = "\n".join((chunk.title, *chunk.headings, chunk.text))
                    writer.add_document(tantivy.Document(id=chunk.id, words=words))
                writer.commit()
            finally:
                writer.wait_merging_threads()
            self._index.reload()
        release_freed_memory()

    def match(self, question: str, *, limit: int) -> dict[str, float]:
        """Chunk ids to scores in [0, 1], best first: BM25, made comparable between questions by `scale`."""
        terms = self.terms(question)
        if not terms:
            return {}
        searcher = self._searcher()
        words = [
            (
                tantivy.Occur.Should,
                tantivy.Query.term_query(self._schema, "words", term, "freq"),
            )
            for term in terms
        ]
        hits = searcher.search(tantivy.Query.boolean_query(words), limit, count=False).hits
        if not hits:
            return {}
        scale = bm25_scale(float(hits[0][0]), list(weigh(searcher, terms).values()))
        return {str(searcher.doc(address)["id"][0]): float(score) / scale for score, address in hits}

    def terms(self, text: str) -> list[str]:
        """The distinct stemmed words of a text that the index looks for, in order."""
        # Halves of surrogate pairs, which a terminal passes on, are no text to tantivy.
        words = self._analyzer.analyze(text.encode("utf-8", "replace").decode())
        return list(dict.fromkeys(words))[:MAX_QUESTION_TERMS]

    def idf(self, text: str) -> dict[str, float]:
        """The stemmed words of a text, each with its inverse document frequency among the chunks."""
        return weigh(self._searcher(), self.terms(text))

    def ids(self) -> set[str]:
        searcher = self._searcher()
        hits = searcher.search(tantivy.Query.all_query(), max(searcher.num_docs, 1), count=False).hits
        return {str(searcher.doc(address)["id"][0]) for _, address in hits}

    def __len__(self) -> int:
        return int(self._searcher().num_docs)

    def _searcher(self) -> tantivy.Searcher:
        with translated_index_errors(self._collection):
            self._index.reload()  # another process may have committed
            return self._index.searcher()


def bm25_scale(best: float, weights: Sequence[float]) -> float:
    """√(best BM25 of the question × the sum of its terms' idf): between what is reached and what could be.

    A question that matches poorly everywhere thus weighs less against the cosine than one that matches well.
    """
    return math.sqrt(best * max(sum(weights), best))


def weigh(searcher: tantivy.Searcher, terms: Sequence[str]) -> dict[str, float]:
    documents = searcher.num_docs
    return {term: inverse_document_frequency(documents, searcher.doc_freq("words", term)) for term in terms}


def inverse_document_frequency(documents: int, with_term: int) -> float:
    """BM25's own: ln(1 + (N - n + 0.5) / (n + 0.5))."""
    # Until tantivy merges a word's deleted documents away it counts them, though not among all documents.
    with_term = min(with_term, documents)
    return math.log(1 + (documents - with_term + 0.5) / (with_term + 0.5))


def build_analyzer() -> tantivy.TextAnalyzer:
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    for text_filter in (
        tantivy.Filter.remove_long(100),
        tantivy.Filter.lowercase(),
        tantivy.Filter.ascii_fold(),
        tantivy.Filter.custom_stopword(list(ENGLISH_STOP_WORDS)),
        tantivy.Filter.stemmer("english"),
    ):
        builder = builder.filter(text_filter)
    return builder.build()


def build_schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("words", tokenizer_name=ANALYZER, index_option="freq")
    return builder.build()
