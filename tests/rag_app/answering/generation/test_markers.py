"""A model's markers taken out of its text, in whatever pieces it comes and whatever it writes."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.fuzz_markers import check_answer, check_reader, cut_page, write_text
from rag_app.answering.generation.markers import (
    LONGEST,
    MOST_BLANKS,
    WORD_JOINER,
    MarkerStream,
    defuse,
    expand_numbers,
    read_markers,
    without_markers,
)
from tests.rag_app.passages import model_texts

Markers = list[tuple[int, int]]
# Letters of every form, so that most of what is drawn is nearly a marker.
SIGNS = "[]()【】［］^†:,;-– 12１0axs_=.`~\n\u2060"


def texts() -> st.SearchStrategy[str]:
    return model_texts() | st.text(alphabet=SIGNS, max_size=40) | st.binary(max_size=40).map(as_text)


def as_text(written: bytes) -> str:
    return written.decode("utf-8", "replace")


FORMS = {
    (1,): "[1]|【1】|【1†source】|［1］|[١]|[^1]|[^1^]|[[1]]|([1])|[Source 1]|[Doc 1]|[citation:1]|[Quelle 1]|[来源1]",
    (1, 2): "[1,2]|[1; 2]|[1 and 2]|[1][2]|[1] [2]|([1], [2])|[Source 1, Source 2]",
    (1, 3): "[1, 3]|［１，３］|[passage 1, 3]",
    (1, 2, 3): "[1-3]|[1], [2] and [3]|[passages 1-3]",
    (1, 2, 3, 5): "[1–3, 5]",
    (2,): "【2:0†L3-L5】|[Passage 2]",
}


class TestForms:
    @pytest.mark.parametrize(
        ("marker", "numbers"),
        [(marker, numbers) for numbers, markers in FORMS.items() for marker in markers.split("|")],
    )
    def test_each_form_is_read_and_removed_before_and_after_the_full_stop(
        self, marker: str, numbers: tuple[int, ...]
    ) -> None:
        for written, bare, place in (
            (f"It flew {marker}.", "It flew.", 7),
            (f"It flew. {marker} On", "It flew. On", 8),
        ):
            assert read_markers(written, passages=9) == (bare, [(place, number) for number in numbers])

    @pytest.mark.parametrize(
        "written",
        [
            "In [1969] and [12, 1969] it flew.",
            "`rows[1]` and ``a ` [1]``",
            "```\nrows [1]\n```\n",
            "```python\nrows [1]",
            "  ~~~\n[1]\n```\n[2]\n",
            "- ````\n  ```\n  [1]",
            "the first is rows[1] of them",
            "a_b[2], rowData[1], x[1], $words[1], list[0]",
            "f(x)[1], f(g(x))[1], rows[i][2], rows[1][2]",
            "orbit[1] = 5 and orbit[1].name",
            "[1](https://example.org) and [text](https://example.org/[1])",
            "[1]: https://example.org\n[2]: <there>\n[^3]: As they said.",
            "(1) first, (2) second",
            "[sic] [] [ ] [a] [x1] [1.5]",
            "[Collins 1] [see 2]",
        ],
    )
    def test_what_only_looks_like_a_marker_stays(self, written: str) -> None:
        assert read_markers(written, passages=9) == (written, [])

    @pytest.mark.parametrize(
        ("written", "bare"),
        [
            ("It stayed in orbit[1].", "It stayed in orbit."),
            ("In orbit[1] it stayed[2][3].", "In orbit it stayed."),
            ("Vitamin C[1], CO2[2], iPhone[3], it's[4], 5 g[5]", "Vitamin C, CO2, iPhone, it's, 5 g"),
            ("_orbit_[1] and (see above)[2] and “so”[3]", "_orbit_ and (see above) and “so”"),
            ("轨道[1]。", "轨道。"),
            ("a_b [1][2]", "a_b"),
            ("The sign ` is a tick [1].\n\nSo is ` [2].", "The sign ` is a tick.\n\nSo is `."),
            ("```rows[1]```\nDone [2].", "```rows[1]```\nDone."),
            ("[1]: Collins stayed.", ": Collins stayed."),
        ],
    )
    def test_a_marker_behind_a_word_a_lone_tick_or_code_and_before_a_colon_is_one(
        self, written: str, bare: str
    ) -> None:
        assert without_markers(written) == bare

    def test_numbers_of_passages_that_were_not_given_are_dropped_and_ranges_bounded(self) -> None:
        assert read_markers("It flew [0][2, 7][99].", passages=3) == ("It flew.", [(7, 2)])
        assert expand_numbers("[1-999]") == list(range(1, 22))
        assert expand_numbers("[5-3]") == []

    def test_what_was_around_a_marker_does_not_close_up_to_another(self) -> None:
        bare, markers = read_markers("[[1]2] and [1[2], 3]", passages=9)
        assert bare == f"[{WORD_JOINER}2] and [{WORD_JOINER}1, 3]"
        assert markers == [(1, 1), (12, 2)]
        assert read_markers(bare, passages=9) == (bare, [])


class TestLaws:
    @given(texts(), st.integers(0, 9))
    def test_of_any_text_no_marker_is_left_and_each_points_at_a_passage(self, written: str, passages: int) -> None:
        bare, markers = read_markers(written, passages=passages)
        assert read_markers(bare, passages=999) == (bare, [])
        places = [place for place, _ in markers]
        assert places == sorted(places)
        assert all(0 <= place <= len(bare) and 1 <= number <= passages for place, number in markers)

    @given(texts())
    def test_of_any_text_nothing_goes_but_markers_and_defused_it_has_none_and_looks_the_same(
        self, written: str
    ) -> None:
        left = iter(written)
        assert all(sign in left for sign in read_markers(written, passages=9)[0].replace(WORD_JOINER, ""))
        defused = defuse(written)
        assert read_markers(defused, passages=99) == (defused, [])
        assert defused.replace(WORD_JOINER, "") == written.replace(WORD_JOINER, "")

    def test_a_marker_of_a_document_is_defused_in_code_too(self) -> None:
        assert defuse("As in [1, 2] and `rows[1]`") == f"As in [{WORD_JOINER}1, 2] and `rows[{WORD_JOINER}1]`"

    def test_made_up_outputs_keep_every_law_in_pieces_and_as_answers(self) -> None:
        passages = cut_page()
        for seed in range(400):
            chance = random.Random(seed)
            text = write_text(chance)
            check_reader(text, chance)
            if seed % 10 == 0:
                check_answer(text, passages)


class TestStream:
    @pytest.mark.parametrize(
        ("pieces", "shown"),
        [
            (("Col", "lins ", "stayed", " on"), ("Col", "lins", " stayed", " on")),
            (("It flew ", "[", "1", "]", ", [2", "].", " On"), ("It flew", "", "", "", "", ".", " On")),
            (("see [", "sic", "]", " there"), ("see", "", " [sic]", " there")),
            (("rows", "[", "1", "]", " of"), ("rows", "", "", "", "[1] of")),
        ],
    )
    def test_text_comes_at_once_but_for_blanks_and_what_stands_in_brackets(
        self, pieces: tuple[str, ...], shown: tuple[str, ...]
    ) -> None:
        stream = MarkerStream()
        assert tuple(stream.feed(piece) for piece in pieces) == shown

    @given(texts(), st.integers(1, 30))
    def test_what_is_held_back_is_bounded(self, unit: str, times: int) -> None:
        stream = MarkerStream()
        stream.feed(unit * times)
        assert len(stream.close()) <= 2 * LONGEST * len("[Source 999, ") + MOST_BLANKS

    @pytest.mark.parametrize("unit", ["[", "`", "[1,", "[1]", "[[1]2", "~~~\n", ")[1]"])
    def test_a_text_ten_times_as_long_takes_about_ten_times_as_long(self, unit: str) -> None:
        few, many = (least_seconds(unit * (length // len(unit))) for length in (5_000, 50_000))
        assert many < 40 * few


def least_seconds(text: str) -> float:
    taken = []
    for _ in range(3):
        began = time.process_time()
        read_markers(text, passages=9)
        taken.append(time.process_time() - began)
    return min(taken)
