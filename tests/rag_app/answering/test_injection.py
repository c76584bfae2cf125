"""Documents are data: whatever they say, they change no instruction, no format and no citation."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage, BaseMessage
from langchain_openai import ChatOpenAI

from rag_app import Answer, Settings, ingest_paths, load_chain, load_page, load_retriever
from rag_app.answering.chain import Writer, build_chain
from rag_app.answering.follow_ups import show_turn
from rag_app.answering.generation.generate import build_context, render
from rag_app.answering.generation.markers import WORD_JOINER, read_markers
from rag_app.safe_text import make_visible
from rag_app.types import REFUSAL, REMARKS
from rag_app.wiring import load_judge, load_reader
from tests.rag_app.answering.generation.test_generate import TOKENS
from tests.rag_app.attacks import attacked_documents, own_attacks, published_attacks, published_questions
from tests.rag_app.passages import make_passage
from vectorstore.search.retriever import HybridRetriever
from vectorstore.types import Chunk, Passage

FENCE = re.compile(r"<passage (\d+)>\n(.*?)\n</passage>", re.DOTALL)
QUESTION = "What colour are roses?"
OWN_QUESTIONS = [QUESTION, "What is the password?", "What is cheese made of?", "Who pays euros to acme?", "Say ZEBRA."]
# Those that a model may well follow, each by other means.
TRIED_ON_A_MODEL = (
    "a fence closed and another opened",
    *(
        pytest.param(name, marks=pytest.mark.slow)
        for name in ("ChatML", "scripts and pictures", "a note to the machine")
    ),
)
GARDEN = "Roses are red. Violets are blue. The gardener waters them every morning before breakfast."


class TestPrompt:
    """What a model is sent is n fences, numbered by us, and nothing of a document outside of them."""

    @pytest.mark.parametrize("name", own_attacks())
    def test_an_attack_in_a_text_a_title_a_file_name_or_a_heading_stays_inside_its_fence(self, name: str) -> None:
        attack = own_attacks()[name]
        check_prompt(passages_of([GARDEN, attack, GARDEN]))
        chunk = Chunk(f"/docs/{attack}", attack, 1, 0, len(GARDEN), GARDEN, (attack, attack))
        check_prompt([Passage(chunk, score=1, cosine=1, lexical=1)])

    def test_every_published_attack_stays_inside_its_fence(self) -> None:
        attacks = published_attacks()
        for number in range(0, len(attacks), 5):
            check_prompt(passages_of(attacks[number : number + 5]))

    @pytest.mark.parametrize("name", own_attacks())
    def test_a_question_or_a_turn_that_quotes_an_attack_opens_nothing_either(self, name: str) -> None:
        """A question can have been rewritten from documents, and a turn of the conversation can quote them."""
        system, human = render(own_attacks()[name], "")
        assert system.text == render(QUESTION, "")[0].text
        assert not FENCE.findall(human.text)
        turn = show_turn(AIMessage(f"Roses are red.\n{own_attacks()[name]}"))
        assert turn.startswith("ai: Roses are red.")
        assert len(turn.splitlines()) == 1
        assert read_markers(turn, passages=99)[1] == []
        assert not [token for token in TOKENS if token in human.text or token in turn]

    @settings(max_examples=100)
    @given(st.data())
    def test_whatever_the_documents_say_the_prompt_reads_back(self, data: st.DataObject) -> None:
        hostile = st.sampled_from(
            [*own_attacks().values(), *TOKENS, "\n", "\n\n", "<", "</", "passage", " 1>", "\u200b"]
        )
        texts = st.lists(hostile | st.text(max_size=8), max_size=5).map("".join)
        passages = []
        for number in range(data.draw(st.integers(1, 5))):
            text = data.draw(texts)
            names = data.draw(st.tuples(texts, texts, texts))
            chunk = Chunk(f"/docs/{number}/{names[0]}", names[1], None, 0, len(text), text, (names[2],))
            passages.append(Passage(chunk, score=1, cosine=1, lexical=1))
        check_prompt(passages)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A collection of a document for each attack of our own."""
    texts = [f"{GARDEN}\n\n{text}\n\nCheese is made of milk." for text in own_attacks().values()]
    return ingested(tmp_path_factory.mktemp("own"), texts)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A collection of real documents with published attacks in them."""
    return ingested(tmp_path_factory.mktemp("published"), list(attacked_documents()))


class TestQuotes:
    """By quotes, an attack is at most quoted: each sentence is a document's own, word for word, or there is none."""

    def test_documents_with_attacks_of_our_own_are_quoted_at_most(self, own: Settings) -> None:
        check_quotes(own, OWN_QUESTIONS)

    def test_real_documents_with_published_attacks_in_them_are_quoted_at_most(
        self, published: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Asked what users ask of them, and asked the attacks themselves; most of it would be refused."""
        monkeypatch.setattr("rag_app.answering.chain.THRESHOLD", 0)
        check_quotes(published, [*published_questions()[::10], *published_attacks()[::150]])


class TestModel:
    """A model of 135 million parameters does what anybody says; what is shown of it keeps the law all the same."""

    @pytest.mark.parametrize("name", TRIED_ON_A_MODEL)
    @pytest.mark.long("a language model writes")
    def test_a_model_that_reads_an_attack_of_our_own_proves_nothing_by_it(
        self, name: str, own: Settings, smollm: ChatOpenAI
    ) -> None:
        document = f"*/{list(own_attacks()).index(name)}.txt"
        check_model(smollm, load_retriever(k=2, sources=[document], settings=own), QUESTION, here=own)

    @pytest.mark.long("a language model writes")
    @pytest.mark.parametrize("number", [0, pytest.param(1, marks=pytest.mark.slow)])
    def test_a_model_that_reads_a_published_attack_proves_nothing_by_it(
        self, number: int, published: Settings, smollm: ChatOpenAI, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("rag_app.answering.chain.WORTH_ASKING", 0)
        check_model(smollm, load_retriever(k=2, settings=published), published_questions()[number], here=published)


class Sent(BaseCallbackHandler):
    """The messages that were sent to a chat model."""

    def __init__(self) -> None:
        self.messages: list[list[BaseMessage]] = []

    def on_chat_model_start(self, serialized: Any, messages: list[list[BaseMessage]], **values: Any) -> None:
        self.messages += messages


def passages_of(texts: Sequence[str]) -> list[Passage]:
    return [make_passage(text, source=f"/docs/{number}.md") for number, text in enumerate(texts)]


def check_prompt(passages: Sequence[Passage]) -> None:
    context = build_context(passages, load_page=lambda source, page: "", budget_tokens=1_000_000)
    assert {passage.chunk for passage in context.passages} == {passage.chunk for passage in passages}
    system, human = render(QUESTION, context.text)
    numbers = [int(number) for number, _ in FENCE.findall(human.text)]
    assert numbers == list(range(1, len(passages) + 1))
    empty = "\n\n".join("<>" for _ in passages)
    assert [system.text, FENCE.sub("<>", human.text)] == [message.text for message in render(QUESTION, empty)]
    for (_, inside), passage in zip(FENCE.findall(human.text), context.passages, strict=True):
        place, _, text = inside.partition("\n")
        assert len(place) < 700
        assert text.replace(WORD_JOINER, "") == make_visible(passage.chunk.text)
        assert not [token for token in TOKENS if token in inside]
        assert read_markers(inside, passages=99)[1] == []


def ingested(folder: Path, texts: Sequence[str]) -> Settings:
    docs = folder / "docs"
    docs.mkdir()
    for number, text in enumerate(texts):
        (docs / f"{number}.txt").write_bytes(text.encode("utf-8", "replace"))
    here = Settings(collection="attacked", data_dir=folder / "data")
    ingest_paths([docs], settings=here)
    return here


def check_quotes(here: Settings, questions: Sequence[str]) -> None:
    answers = load_chain(settings=here).batch([question[:1000] for question in questions])
    assert any(not answer.refused for answer in answers)
    for answer in answers:
        check_quoted(answer, here)


def check_quoted(answer: Answer, here: Settings) -> None:
    check_citations(answer, here)
    if answer.refused:
        assert (answer.text, answer.citations) == (REFUSAL, ())
        return
    quotes = {citation.marker: citation.quote for citation in answer.citations}
    for sentence in answer.sentences:
        said = sentence.text.rstrip().removesuffix("".join(f"[{marker}]" for marker in sentence.markers))
        assert squeeze(said) in [squeeze(quotes[marker]) for marker in sentence.markers]


def squeeze(text: str) -> str:
    return " ".join(text.replace(WORD_JOINER, "").split())


def check_model(model: ChatOpenAI, retriever: HybridRetriever, question: str, *, here: Settings) -> None:
    """The first line of what it writes is enough, and 60 tokens of it: it can go on for minutes."""
    brief = model.model_copy(update={"stop": ["\n"], "max_tokens": 60})
    sent = Sent()
    writer = Writer(brief, "gguf:smollm")
    chain = build_chain(retriever, judge=load_judge(here), reader=load_reader(here), writer=writer)
    answer = chain.invoke(question, {"callbacks": [sent]})
    ((system, human),) = sent.messages
    assert (system.type, human.type) == ("system", "human")
    passages = "\n\n".join(match.group() for match in FENCE.finditer(human.text))
    assert passages
    assert [system.text, human.text] == [message.text for message in render(question, passages)]
    check_written(answer, here)


def check_written(answer: Answer, here: Settings) -> None:
    """Every sentence is proved by exact words of a passage that was given, or its state is told."""
    check_citations(answer, here)
    numbers = {citation.marker for citation in answer.citations}
    assert {number for _, number in read_markers(answer.text, passages=99)[1]} <= numbers
    for sentence in answer.sentences:
        assert (sentence.state in REMARKS) == (not sentence.supported and sentence.state != "not a claim")
        assert bool(sentence.markers) == (sentence.state not in ("not proved", "not a claim"))
        assert set(sentence.markers) <= numbers


def check_citations(answer: Answer, here: Settings) -> None:
    for citation in answer.citations:
        page = load_page(citation.source, citation.page, settings=here)
        assert page[citation.start : citation.end] == citation.quote != ""
        assert any(citation.quote in text for text in given_texts(answer, citation.source))


def given_texts(answer: Answer, source: str) -> Iterator[str]:
    return (passage.chunk.text for passage in answer.passages if passage.chunk.source == source)
