"""Fuzzes the reading of markers with made-up outputs of models: python bench/fuzz_markers.py [N] (100000)

Each of N texts, put together from pieces of answers, any characters or any bytes, is read in one piece and in random
pieces, of which nothing but markers may be lost, and again without its markers, which must change nothing. A tenth of
them become answers: no exception, no marker without its citation, every quote the words of its page. Prints how many
texts break a law, and how many answers; then the microseconds a character takes at three lengths, for texts that would
slow a reader that looks back or ahead without bounds.
"""

import random
import time
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from bench.results import arguments, record
from rag_app.answering.citations import Claim, compose
from rag_app.answering.generation.markers import LONGEST, OPENERS, WORD_JOINER, MarkerStream, defuse, read_markers
from rag_app.answering.verification.prove_claims import prove
from vectorstore import Reading
from vectorstore.types import Chunk, Passage

PAGE = (
    "# The crew\n\nThree astronauts flew on Apollo 11 in July 1969. Michael Collins stayed in lunar orbit aboard "
    "Columbia. Neil Armstrong and Buzz Aldrin landed in Eagle.\n\n| stage | tonnes |\n|---|---|\n| first | 2,300 |\n\n"
    "The memory held `words[36864]` of fixed memory [1]. As others found [2, 3], it was woven by hand.\n"
)
SAID = (
    *(
        "Michael Collins stayed in lunar orbit",
        "Three astronauts flew on Apollo 11 in July 1969",
        "Cheese is made of milk",
    ),
    *(
        "Neil Armstrong and Buzz Aldrin landed in Eagle",
        "it was woven by hand",
        "orbit",
        "车站在左边",
        "the first weighs 2,300",
    ),
)
MARKED = (
    *(
        "[1]",
        "[2]",
        "[1, 2]",
        "[1-3]",
        "[1–3]",
        "[1; 2]",
        "[1][2]",
        "[99]",
        "[0]",
        "[^1]",
        "[^2^]",
        "【1】",
        "【4:0†source】",
    ),
    *(
        "［１］",
        "[Source 1]",
        "[passage 1, 3]",
        "[Doc 2]",
        "[citation:3]",
        "[[1]]",
        "([1], [2])",
        "[1] and [2]",
        "(1)",
        "[1969]",
    ),
)
CODE = (
    *(
        "`rows[1]`",
        "```\nrows[1]\n```\n",
        "```python\n",
        "\n```\n",
        "~~~\n",
        "`",
        "``",
        "```",
        "~",
        "rows[1]",
        "a_b[2]",
        "f(x)[1]",
    ),
    *("[1](http://example.org)", "[1]: http://example.org\n", "[text][1]", "](", "$x[3]", "x[1] = "),
)
SIGNS = (
    *"[]【】［］()（）^†,;:-–&=.!?*_#|>0123x\u2060 \u00a0\t\n\r",
    ". ",
    ", ",
    "\n\n",
    "- ",
    "source ",
    "doc",
    "and ",
    "  ",
    "a",
    "s",
)
GRAMMAR = (SAID, MARKED, CODE, SIGNS)
PASSAGES = 3
TIMED = ("[", "[1", "`", "[1,", "【", "(1", "[1]", "[[1]2", "`a", "~~~\n", ")[1]", "[1†", "[1] and ")
LENGTHS = (1_000, 10_000, 100_000)
# Twice the time a character at ten times the length would still be linear on a machine shared with others.
LINEAR = 3.0


def main() -> None:
    texts = int(next(iter(arguments()), 100_000))
    began = time.process_time()
    passages = cut_page()
    markers = citations = 0
    broken: dict[str, list[str]] = {"texts": [], "answers": []}
    for seed in range(texts):
        chance = random.Random(seed)  # noqa: S311 - nothing secret is made of it
        text = write_text(chance)
        try:
            markers += check_reader(text, chance)
        except AssertionError as error:
            broken["texts"].append(str(error))
        if seed % 10 == 0:
            try:
                citations += check_answer(text, passages)
            except AssertionError as error:
                broken["answers"].append(str(error))
    print(f"{texts:,} texts, {markers:,} markers, {texts // 10:,} answers, {citations:,} citations", end=", ")
    print(f"{time.process_time() - began:.0f} s. Not as they must be:")
    for name, errors in broken.items():
        print(name, len(errors), *errors[:3], sep="\n  " if errors else " ")
    worst = print_times()
    record(
        f"Checking of written answers: {texts:,} made-up outputs of models",
        "python bench/fuzz_markers.py",
        {
            "markers": markers,
            "citations": citations,
            "errors": len(broken["texts"]),
            "dangling markers": len(broken["answers"]),
            "time a character at 100,000 characters": f"at most {worst:.1f} times that at 10,000",
        },
    )


def write_text(chance: random.Random) -> str:
    """Pieces of answers mostly, else any characters or any bytes."""
    kind = chance.random()
    if kind < 0.1:
        return "".join(
            chr(chance.choice((chance.randrange(128), chance.randrange(0x3000), 0x1F600))) for _ in range(40)
        )
    if kind < 0.2:
        return chance.randbytes(40).decode("utf-8", "replace")
    # A text of two sorts of pieces goes deeper than one of all.
    sorts = chance.sample(GRAMMAR, chance.randint(2, len(GRAMMAR)))
    return "".join(chance.choice(chance.choice(sorts)) for _ in range(chance.randint(1, 24)))


def check_reader(text: str, chance: random.Random) -> int:
    """How many markers it has; AssertionError where a law is broken."""
    bare, markers = read_markers(text, passages=PASSAGES)
    assert is_left_of(bare, text), f"{text!r} without markers: {bare!r} has lost other words"
    assert all(0 <= place <= len(bare) and 1 <= number <= PASSAGES for place, number in markers), repr(text)
    again = read_markers(bare, passages=99)
    assert again == (bare, []), f"{text!r} read again: {bare!r} has {again[1]}"
    defused = defuse(text)
    assert read_markers(defused, passages=99) == (defused, []), f"{text!r} not defused"
    check_stream(text, chance)
    return len(markers)


def check_stream(text: str, chance: random.Random) -> None:
    """In any pieces nothing but markers is lost, and no more held back than from a bracket on."""
    stream, shown, given = MarkerStream(), "", 0
    cuts = sorted(chance.choices(range(len(text) + 1), k=chance.randint(0, len(text))))
    for start, end in pairwise((0, *cuts, len(text))):
        shown += stream.feed(text[start:end])
        given = end
        assert is_left_of(shown, text[:given]), f"{text!r} in pieces: {shown!r} was not written yet"
    shown += stream.close()
    assert is_left_of(shown, text), f"{text!r} in pieces: {shown!r}"
    plain = "".join(" " if sign in OPENERS else sign for sign in text)
    stream = MarkerStream()
    held = [len(stream.feed(sign)) for sign in plain]
    assert len(plain) - sum(held) <= LONGEST, f"{plain!r} is held back"


def is_left_of(part: str, text: str) -> bool:
    """Whether a text is what is left of another where signs are taken out, word joiners aside."""
    left = iter(text)
    return all(sign in left for sign in part if sign != WORD_JOINER)


def check_answer(text: str, passages: list[Passage]) -> int:
    """How many citations the answer of this text has; AssertionError where one is not as it must be."""
    answer, sentences, citations = compose(make_claims(text, passages))
    numbers = {citation.marker for citation in citations}
    dangling = {number for _, number in read_markers(answer, passages=999)[1]} - numbers
    assert not dangling, f"{text!r} as {answer!r} points at {dangling}"
    assert all(set(sentence.markers) <= numbers for sentence in sentences), repr(text)
    for citation in citations:
        assert PAGE[citation.start : citation.end] == citation.quote != "", repr(text)
    return len(citations)


def make_claims(text: str, passages: list[Passage]) -> list[Claim]:
    return prove(text, passages, embed=any_vectors, reader=AnyReader())


def any_vectors(texts: Sequence[str]) -> list[list[float]]:
    """The proof is to hold whatever the vectors are; a model would take days."""
    return [[1.0, len(text) % 7 / 7] for text in texts]


class AnyReader:
    """As with the vectors: some claims are proved, some contradicted, some neither."""

    def read(self, asked: str, texts: Sequence[str]) -> list[Reading]:
        shares = [(len(asked) + len(text)) % 5 / 4 for text in texts]
        return [
            Reading(0.0, one, 1 - one, 0.0, np.zeros((0, 2), np.int32), *np.zeros((2, 0), np.float32)) for one in shares
        ]


def cut_page() -> list[Passage]:
    cuts = [0, PAGE.index("Michael"), PAGE.index("| stage"), len(PAGE)]
    return [
        Passage(Chunk("/crew.md", "Crew", None, start, end, PAGE[start:end]), score=0.5, cosine=0.5, lexical=0.5)
        for start, end in pairwise(cuts)
    ]


def print_times() -> float:
    print("µs a character".ljust(16), *(f"{length:>10,}" for length in LENGTHS))
    worst = 0.0
    for unit in TIMED:
        taken = [time_a_character(unit, length) for length in LENGTHS]
        worst = max(worst, taken[-1] / taken[1])
        print(repr(unit * 2).ljust(16), *(f"{microseconds:>10.2f}" for microseconds in taken))
    told = "linear" if worst < LINEAR else "NOT linear"
    print(f"at most {worst:.1f} times the time a character at {LENGTHS[-1]:,} as at {LENGTHS[1]:,}: {told}")
    return worst


def time_a_character(unit: str, length: int) -> float:
    """Microseconds, the least of three readings where they are short."""
    text = (unit * (length // len(unit) + 1))[:length]
    taken = []
    for _ in range(3 if length <= LENGTHS[1] else 1):
        began = time.process_time()
        read_markers(text, passages=PASSAGES)
        taken.append(time.process_time() - began)
    return min(taken) / length * 1e6


if __name__ == "__main__":
    main()
