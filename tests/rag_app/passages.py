"""Passages and answers made from a page's text, and hypothesis strategies for what a model may write about them."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import strategies as st

from rag_app.answering.citations import Claim, Evidence, compose
from rag_app.types import REFUSAL, Answer, Citation, Sentence, State
from vectorstore.types import Chunk, Passage

PAGE = (
    "# The crew\n\nThree astronauts flew on Apollo 11 in July 1969. Michael Collins stayed in lunar orbit aboard "
    "Columbia. Neil Armstrong and Buzz Aldrin landed in Eagle.\n\n## Weights\n\n| stage | tonnes |\n|---|---|\n"
    "| first | 2,300 |\n| second | 496.2 |\n\n- The memory held `words[36864]` of fixed memory [1].\n- 车站在左边。\n"
)
QUOTE = "Michael Collins stayed in lunar orbit aboard Columbia."
# What a reader sees of `make_judged`.
JUDGED = (
    "Collins stayed. [1] Collins flew Columbia. [1] (similar words only) "
    "Nobody landed in Eagle. [2] (the documents say otherwise) It was raining. (not proved) Here is more.\n\n* * *"
)


def make_passage(text: str, *, start: int = 0, source: str = "/docs/crew.md", page: int | None = None) -> Passage:
    """The passage that `text` is, `start` code points into its page."""
    return Passage(Chunk(source, "The crew", page, start, start + len(text), text), score=0.5, cosine=0.5, lexical=0.5)


def cut(page_text: str, cuts: Sequence[int], *, source: str, page: int | None = None) -> list[Passage]:
    """A page's text cut at these places into passages."""
    ends = sorted({0, *cuts, len(page_text)})
    return [make_passage(page_text[start:end], start=start, source=source, page=page) for start, end in pairwise(ends)]


def make_citation(quote: str = QUOTE, *, page_text: str = PAGE, title: str = "The crew") -> Citation:
    start = page_text.index(quote)
    return Citation(1, "/docs/crew.md", title, None, start, start + len(quote), quote)


def make_answer(
    text: str = QUOTE, *, question: str = "Who stayed?", state: State = "proved", page_text: str = PAGE
) -> Answer:
    """An answer of one sentence, which cites itself where its state rests on a citation."""
    cites = state in ("proved", "similar", "contradicted")
    whole = f"{text} [1]" if cites else text
    cited = (make_citation(text, page_text=page_text),) if cites else ()
    sentences = (Sentence(whole, 0, len(whole), state, (1,) if cites else ()),)
    passages = (make_passage(page_text),)
    return Answer(question, whole, False, "quotes", sentences, cited, passages, 0.9, question, 0.1)


def make_judged() -> Answer:
    """An answer with a sentence in each state, and a line without a word."""
    landed = evidence("Neil Armstrong and Buzz Aldrin landed in Eagle.")
    claims = [
        Claim("Collins stayed.", (evidence(QUOTE),), " "),
        Claim("Collins flew Columbia.", (evidence(QUOTE),), " ", "similar"),
        Claim("Nobody landed in Eagle.", (landed,), " ", "contradicted"),
        Claim("It was raining.", (), " "),
        Claim("Here is more.", (), state="not a claim"),
        Claim("* * *", ()),
    ]
    text, sentences, citations = compose(claims)
    question = "Who stayed?"
    return Answer(question, text, False, "a model", sentences, citations, (make_passage(PAGE),), 0.9, question, 0.1)


def evidence(quote: str) -> Evidence:
    start = PAGE.index(quote)
    return Evidence(make_passage(PAGE), start, start + len(quote))


def make_refusal(question: str) -> Answer:
    sentences = (Sentence(REFUSAL, 0, len(REFUSAL), "not a claim", ()),)
    return Answer(question, REFUSAL, True, "quotes", sentences, (), (make_passage(PAGE),), 0.1, question, 0.1)


def marker_texts() -> st.SearchStrategy[str]:
    numbers = st.lists(st.integers(0, 120).map(str), min_size=1, max_size=3)
    between = st.sampled_from([",", ", ", "-", "–", ";"])
    return st.builds(lambda parts, sign: f"[{sign.join(parts)}]", numbers, between)


def model_texts() -> st.SearchStrategy[str]:
    """What a model may write: the passages' sentences, markers that point anywhere, code, tables, any characters."""
    said = st.sampled_from(
        [
            *PAGE.splitlines(),
            "Michael Collins stayed in lunar orbit.",
            "Collins stayed aboard Columbia in 1970.",
            "Cheese is made of milk.",
            "2,300 tonnes",
            "```\nrows[1]\n```",
            "`a[2]`",
            "~~~",
            "[",
            "]",
            "**",
            "\n",
            "\n\n",
            " ",
            ". ",
        ]
    )
    return st.lists(said | marker_texts() | st.text(max_size=12), max_size=12).map("".join)


@st.composite
def passage_lists(draw: st.DrawFn) -> tuple[dict[str, str], list[Passage]]:
    """Page texts by source, and passages cut from them anywhere."""
    texts = [PAGE, *draw(st.lists(st.text(min_size=1, max_size=80), max_size=2))]
    pages = {f"/docs/{number}.md": text for number, text in enumerate(texts)}
    passages: list[Passage] = []
    for source, text in pages.items():
        passages += cut(text, draw(st.lists(st.integers(1, len(text)), max_size=3)), source=source)
    return pages, draw(st.permutations(passages))
