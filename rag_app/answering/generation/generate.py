"""Prompts a chat model: sanitises, merges and numbers passages within its token budget, and streams what it writes.

Sanitised text looks the same; citation markers, fences and control tokens in it are broken, invisible characters
removed. Only the model reads it: what is stored, quoted and proved stays as it is, so that offsets are exact.
The fence around a passage is a tag, `<passage 1>` to `</passage>`. No sanitised text can write one, since nothing in it
opens by `<`; so the tags need no random word, and the same question is the same prompt, which engines remember.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import PurePath

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, BaseMessageChunk
from langchain_core.runnables import RunnableConfig

from ingest import Split, split_sentences
from prompts import load_prompt
from rag_app.answering.generation.markers import WORD_JOINER, MarkerStream, defuse
from rag_app.safe_text import make_visible, one_line
from rag_app.types import REFUSAL
from vectorstore.errors import RagError
from vectorstore.provider_errors import explain_provider_error, explain_unfinished
from vectorstore.types import Chunk, Passage

# What begins a control token, a turn or a part of a prompt. Engines read control tokens in the text of a message as
# such: in SmolLM2's llama.cpp, `<|im_end|>` of a document ended the user's turn. Each is broken after its first sign:
# `<|im_end|>`, `</s>`, `<start_of_turn>`, `<<SYS>>`, `<think>`, `</passage>` and every other that opens by `<`;
CONTROL = re.compile(
    r"[<＜﹤](?=\s*/|[^\s\d=])"
    r"|\[(?=/?[A-Za-z][A-Z_]{2,}\])"  # [INST], [/INST], [TOOL_CALLS], [gMASK]
    r"|\](?=~!?b[\[\]])|\[(?=e~\[)"  # MiniMax's
    r"|(?i:^[ \t]*#(?=#+[ \t]*(?:instruction|input|response|system|user|human|assistant)\b))"  # Alpaca's
    r"|(?i:^[ \t]*(?:system|user|human|assistant)(?=[ \t]*:))",  # Vicuna's
    re.MULTILINE,
)
# Characters a token, such that SmolLM2's and Qwen2.5's tokenizers, the dearer of the two each time, come out above the
# estimate for 4 % of 1,000 pieces (XQuAD in English, German, Spanish and Chinese, Markdown, code, tables of figures)
# and by more than a tenth for 0.5 %; English is overestimated by two thirds. Figures are read digit by digit, and what
# is not ASCII by its UTF-8 bytes where a vocabulary is English.
LETTERS_PER_TOKEN = 3
LETTER, SIGN = re.compile(r"[A-Za-z\s]"), re.compile(r"[!-@\[-`{-~]")
TWO_BYTES, MORE_BYTES = re.compile("[\x80-\u07ff]"), re.compile("[^\x00-\u07ff]")
TWO_BYTES_TOKENS, MORE_BYTES_TOKENS = 1.5, 2.25
# What a written answer may take, where the model's own bound is unknown or larger.
ANSWER_TOKENS = 1_000
# Less than this holds no passage: the provider then says that the prompt is too long, with both lengths.
FEWEST_TOKENS = 500
FENCE_TAG = re.compile(r"</?passage(?: \d+)?>[ \t]*\n?")
# A passage that fits only in part is given if at least this many of its sentences fit: fewer lose their context.
FEWEST_SENTENCES = 3
TITLE_CHARACTERS, NAME_CHARACTERS, HEADING_CHARACTERS = 120, 80, 80
# The most white space between two passages that are merged: it takes fewer tokens than the fence that merging saves.
MOST_WHITE_SPACE = 30
# The innermost headings say most; there is no end to how deep a document may nest them.
MOST_HEADINGS = 3
LoadPage = Callable[[str, int | None], str]


@dataclass(frozen=True, slots=True)
class Context:
    """The passages as the prompt has them: number n in the text is `passages[n - 1]`."""

    text: str
    passages: tuple[Passage, ...]


def write(
    question: str, context: Context, chat_model: BaseChatModel, *, config: RunnableConfig, answered_by: str
) -> Generator[str, None, str]:
    """Yield the model's text without its markers as it is written, and return it whole, with them.

    Without a passage nothing is asked. Raises RagError where the model fails.
    """
    if not context.passages:
        return ""
    written: BaseMessageChunk | None = None
    stream = MarkerStream()
    try:
        for piece in chat_model.stream(render(question, context.text), config):
            written = piece if written is None else written + piece
            if bare := stream.feed(piece.text):
                yield bare
    except Exception as error:  # every provider raises its own
        raise explain_provider_error(error, answered_by) from error
    if written is None:
        return ""
    if unfinished := explain_unfinished(written, answered_by):
        raise unfinished
    if rest := stream.close():
        yield rest
    return without_fences(written.text)


def render(question: str, passages: str) -> list[BaseMessage]:
    """The messages for a model. The question is sanitised too: it can quote a document."""
    values = {"refusal": REFUSAL, "passages": passages, "question": make_inert(question)}
    return load_prompt("answer").format_messages(**values)


def room_for_passages(question: str, chat_model: BaseChatModel, *, at_most: int) -> int:
    """The tokens that the rest of the prompt leaves for passages."""
    prompt_tokens = sum(estimate_tokens(message.text) for message in render(question, ""))
    return context_budget(chat_model, prompt_tokens=prompt_tokens, at_most=at_most)


def estimate_tokens(text: str) -> int:
    """How many tokens a text has at most, for nearly every text and tokenizer."""
    letters, signs = len(LETTER.findall(text)), len(SIGN.findall(text))
    two, more = len(TWO_BYTES.findall(text)), len(MORE_BYTES.findall(text))
    return round(letters / LETTERS_PER_TOKEN + signs + TWO_BYTES_TOKENS * two + MORE_BYTES_TOKENS * more + 0.5)


def context_budget(chat_model: BaseChatModel, *, prompt_tokens: int, at_most: int) -> int:
    """The tokens for passages: `at_most`, and no more than prompt and answer leave of the model's window.

    The window is that of the model's `profile`, which LangChain or the engine sets; where none is known, `at_most`.
    """
    profile = chat_model.profile or {}
    window = profile.get("max_input_tokens")
    if not window:
        return at_most
    answer = min(profile.get("max_output_tokens") or ANSWER_TOKENS, ANSWER_TOKENS)
    return min(at_most, max(window - prompt_tokens - answer, FEWEST_TOKENS))


def build_context(
    passages: Sequence[Passage], *, load_page: LoadPage, budget_tokens: int, sentences_of: Split = split_sentences
) -> Context:
    """The context of passages that come best first; `load_page` gives a page's stored text by source and number.

    Each is a slice of its page, as chunks are: `page_text[start:end] == text`. What does not fit is left out from the
    weakest. The best are at both ends, where models read best (Liu et al. 2023, "Lost in the Middle").
    """
    fitting = list(fit(passages, budget_tokens, sentences_of))
    shown = best_at_both_ends(merge(fitting, cache(load_page)))
    return Context("\n\n".join(show(number, passage) for number, passage in enumerate(shown, 1)), tuple(shown))


def fit(passages: Sequence[Passage], budget_tokens: int, sentences_of: Split) -> Iterator[Passage]:
    """The first passages that fit the budget, the last of them cut at the end of a sentence."""
    left = budget_tokens
    for passage in passages:
        cost = show_tokens(passage)
        if cost <= left:
            yield passage
            left -= cost
        elif beginning := cut(passage, left, sentences_of, is_best=left == budget_tokens):
            yield beginning
            return
        elif left < budget_tokens:
            return


def cut(passage: Passage, budget_tokens: int, sentences_of: Split, *, is_best: bool) -> Passage | None:
    """The beginning of a passage that fits; the best one is cut between words if not even a sentence does."""
    text = passage.chunk.text
    sentence_ends = [end for _, end in sentences_of(text)]
    fewest = 1 if is_best else FEWEST_SENTENCES
    word_ends = [match.start() for match in re.finditer(r"(?<=\S)\s", text)] if is_best else []
    for ends, least in ((sentence_ends, fewest), (word_ends, 1)):
        fitting = bisect_right(ends, budget_tokens, key=lambda end: show_tokens(shortened(passage, end)))
        if fitting >= least:
            return shortened(passage, ends[fitting - 1])
    return None


def shortened(passage: Passage, length: int) -> Passage:
    chunk = passage.chunk
    return replace(passage, chunk=replace(chunk, end=chunk.start + length, text=chunk.text[:length]))


def merge(passages: Sequence[Passage], load_page: LoadPage) -> list[Passage]:
    """Merges passages of one page with only white space between them; in the order of the best in each."""
    merged: list[tuple[int, Passage]] = []
    for rank, passage in sorted(enumerate(passages), key=lambda ranked: place_in_page(ranked[1].chunk)):
        joined = join(merged[-1][1], passage, load_page) if merged else None
        if joined:
            merged[-1] = (min(merged[-1][0], rank), joined)
        else:
            merged.append((rank, passage))
    return [passage for _, passage in sorted(merged, key=lambda ranked: ranked[0])]


def place_in_page(chunk: Chunk) -> tuple[str, int, int, int]:
    return (chunk.source, chunk.page or 0, chunk.start, chunk.end)


def join(first: Passage, second: Passage, load_page: LoadPage) -> Passage | None:
    """Both chunks as one slice of their page, scored as the first; None where text is between, or the page changed."""
    one, other = first.chunk, second.chunk
    if (one.source, one.page) != (other.source, other.page):
        return None
    try:
        page_text = load_page(one.source, one.page)
    except RagError:  # removed since it was found
        return None
    if any(page_text[chunk.start : chunk.end] != chunk.text for chunk in (one, other)):
        return None
    between = page_text[one.end : other.start]
    if between.strip() or len(between) > MOST_WHITE_SPACE:
        return None
    end = max(one.end, other.end)
    return replace(first, chunk=replace(one, end=end, text=page_text[one.start : end]))


def best_at_both_ends(passages: Sequence[Passage]) -> list[Passage]:
    """The best first, the second best last, and so on inwards."""
    return [*passages[::2], *reversed(passages[1::2])]


def show(number: int, passage: Passage) -> str:
    """The passage as the prompt has it: in its fence, under the line that says where it is from."""
    chunk = passage.chunk
    return f"<passage {number}>\n{make_inert(describe_place(chunk))}\n{make_inert(chunk.text)}\n</passage>"


def show_tokens(passage: Passage) -> int:
    """An estimate from above, the empty line after it included."""
    return estimate_tokens(show(1, passage) + "\n\n")


def describe_place(chunk: Chunk) -> str:
    """Title, file and page, then headings, on one line; of the path the name alone, since folders can be private."""
    title, name = one_line(chunk.title, TITLE_CHARACTERS), one_line(PurePath(chunk.source).name, NAME_CHARACTERS)
    named = title if name in ("", title) else f"{title} ({name})"
    page = f", page {chunk.page}" if chunk.page is not None else ""
    headings = (one_line(heading, HEADING_CHARACTERS) for heading in chunk.headings[-MOST_HEADINGS:])
    return " > ".join((named + page, *headings))


def make_inert(text: str) -> str:
    """The text as it looks, with a word joiner in all that a model or its engine could take for more than text."""
    return defuse(CONTROL.sub(rf"\g<0>{WORD_JOINER}", make_visible(text)))


def without_fences(written: str) -> str:
    """A model's text without the tags of our fences, which small models repeat, and with copied code whole again."""
    return FENCE_TAG.sub("", written).replace(f"<{WORD_JOINER}", "<")
