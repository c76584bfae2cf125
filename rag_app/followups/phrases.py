"""From a text to its noun phrases: the persons, things and places that a later question may refer to."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise

from rag_app.followups.kinds import Gender, Kind, gender_of, kind_of_common, kind_of_name
from rag_app.followups.names import PERSON_NOUNS
from rag_app.followups.tagging import CLITIC, DETERMINER, NAME, NUMBER, OF, tag
from rag_app.followups.tokens import Token, one_line, tokenize
from rag_app.followups.words import ARTICLES, QUANTIFIERS

NOUNS = "D?[Nn#]+(?:c[Nn#]+)*"
WHOLE = re.compile(f"{NOUNS}(?:o{NOUNS})*")
# The name at the end of a phrase: capitals, and numbers after them ("Apollo 11").
NAME_AT_END = re.compile(f"{NAME}[{NAME}{NUMBER}]*$")
BETWEEN_NAMES = re.compile(r"\s*(?:,|,? and|,? &)\s*")
LAST_JOINT = re.compile(r"\b(?:and|&)\b")
LONGEST_PHRASE = 80
# Names within sentences by their last word: `Collins` is Michael Collins where both stand in the talk.
Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A noun phrase, `text[start:end]` of the text it was found in; `shown` is what may stand in its place.

    `head_end` is where ` of ...` begins, else `end`; `head` the noun or name before it, in lower case. `nested`: it is
    a part of another phrase. `before` and `after` are the words around it.
    """

    shown: str
    start: int
    head_end: int
    end: int
    head: str
    kind: Kind
    gender: Gender
    is_name: bool
    nested: bool
    before: str
    after: str


def learn_names(texts: Sequence[str]) -> Names:
    found: dict[str, str] = {}
    for text in texts:
        found |= {token.text: token.text for token in tokenize(text) if token.is_capital and not token.opens} | found
        for phrase in find_phrases(text):
            if phrase.kind == "person" and phrase.is_name:
                last = phrase.shown.split()[-1]
                found[last] = max(found.get(last, ""), phrase.shown, key=len)
    return found


def find_phrases(text: str, *, known: Names | None = None, verbs: Collection[int] = ()) -> list[Phrase]:
    """The noun phrases in order, a whole before its parts; tokens whose numbers are in `verbs` are in none."""
    tokens = tokenize(text)
    reader = _Reader(text, tokens, tag(tokens, names=known or (), verbs=verbs), known or {})
    return join_names(text, list(chain.from_iterable(reader.parts(*span) for span in reader.wholes())))


def join_names(text: str, phrases: Sequence[Phrase]) -> list[Phrase]:
    """The phrases with those before them that are several names joined: `Neil Armstrong and Buzz Aldrin`."""
    joined: list[Phrase] = []
    row: list[Phrase] = []
    for phrase in phrases:
        if row and not belongs(text, row[-1], phrase):
            joined += with_row(text, row)
            row = []
        row.append(phrase)
    return joined + with_row(text, row)


def belongs(text: str, name: Phrase, following: Phrase) -> bool:
    is_same_kind = name.is_name and following.is_name and name.kind == following.kind in ("person", "thing")
    are_wholes = not name.nested and not following.nested
    joint = text[name.end : following.start]
    is_between = name.before == "between" and joint == " and "
    return are_wholes and (is_between or (is_same_kind and bool(BETWEEN_NAMES.fullmatch(joint))))


def with_row(text: str, row: Sequence[Phrase]) -> list[Phrase]:
    """The names with the phrase of all of them; names with commas alone are a place within a place ("Rome, Italy")."""
    if len(row) < 2 or not LAST_JOINT.search(text[row[-2].end : row[-1].start]):
        return list(row)
    first, last = row[0], row[-1]
    kind: Kind = "persons" if first.kind == last.kind == "person" else "things"
    shown = f"{', '.join(name.shown for name in row[:-1])} and {last.shown}"
    whole = replace(first, shown=shown, head_end=last.end, end=last.end, head=last.head, kind=kind, after=last.after)
    return [whole, *(replace(name, nested=True) for name in row)]


@dataclass(frozen=True, slots=True)
class _Reader:
    """A text with its tokens and their tags."""

    text: str
    tokens: Sequence[Token]
    tags: str
    known: Names

    def wholes(self) -> Iterator[tuple[int, int]]:
        """First token and end of each phrase, with its possessors and every ` of ...`."""
        breaks = [i for i, token in enumerate(self.tokens) if token.breaks]
        for start, end in pairwise([*breaks, len(self.tokens)]):
            for match in WHOLE.finditer(self.tags, start, end):
                yield match.span()

    def parts(self, start: int, end: int) -> Iterator[Phrase]:
        """The phrase of these tokens, then its possessors and what stands after each `of`."""
        heads = [start, *(i + 1 for i in range(start, end) if self.tags[i] == OF)]
        for first in heads:
            of = self.tags.find(OF, first, end)
            head_end = end if of < 0 else of
            yield self.phrase(first, head_end, end, nested=first > start)
            for i in range(first, head_end):
                if self.tags[i] == CLITIC:
                    yield self.phrase(first, i, i, nested=True)

    def phrase(self, start: int, head_end: int, end: int, *, nested: bool) -> Phrase:
        first = max(start, self.tags.rfind(CLITIC, start, head_end) + 1)  # the last possessor does not count
        is_role = self.tokens[head_end - 1].word in PERSON_NOUNS  # "the President of France" is no name
        name = None if is_role else NAME_AT_END.search(self.tags[first:head_end])
        named = first + name.start() if name else head_end
        words = [token.word for token in self.tokens[first:head_end]]
        kind = self.kind(first, named, head_end)
        char_start, char_end = self.tokens[start].start, self.tokens[end - 1].end
        head_stop = self.tokens[head_end - 1].end
        is_person = name is not None and kind == "person"
        shown = self.text[char_start : char_end if char_end - char_start <= LONGEST_PHRASE else head_stop]
        return Phrase(
            shown=one_line(self.full_name(named, head_end) if is_person else as_definite(shown)),
            start=char_start,
            head_end=head_stop,
            end=char_end,
            head=words[-1],
            kind=kind,
            gender=gender_of(words),
            is_name=name is not None,
            nested=nested,
            before=self.word_before(start),
            after=self.word_after(end),
        )

    def kind(self, first: int, named: int, end: int) -> Kind:
        words = [token.word for token in self.tokens[first:end]]
        if named == end:
            is_definite = self.tags[first] == DETERMINER or self.word_before(first) == "'s"
            return kind_of_common(words, is_definite=is_definite)
        name = [token.text for token in self.tokens[named:end]]
        return kind_of_name(
            name,
            before=self.word_before(named),
            after=self.word_after(end),
            is_known_person=" " in self.known.get(name[-1], ""),
        )

    def full_name(self, named: int, end: int) -> str:
        name = self.text[self.tokens[named].start : self.tokens[end - 1].end]
        return self.known.get(name, name)

    def word_before(self, i: int) -> str:
        """The word before token i; a comma may be between, but no other cell or sentence."""
        return self.tokens[i - 1].word if i and not self.tokens[i].opens else ""

    def word_after(self, end: int) -> str:
        return self.tokens[end].word if end < len(self.tokens) and not self.tokens[end].breaks else ""


def as_definite(phrase: str) -> str:
    """A phrase as it stands within a sentence once it has been spoken of: `The rocket`, `many keys` with `the`."""
    first, _, rest = phrase.partition(" ")
    if first.lower() in QUANTIFIERS:
        return f"the {rest}"
    return f"{first.lower()} {rest}" if first.lower() in ARTICLES else phrase
