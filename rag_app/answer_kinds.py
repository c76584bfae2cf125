"""What kind of answer a question asks for, and whether a sentence has something of that kind."""

import re
from typing import Literal

Kind = Literal["number", "time", "person", "place", "reason", "definition", "other"]

# The first that fits is taken. English words: a question in another language asks for no kind.
QUESTIONS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "number",
        re.compile(
            r"\bhow (many|much|long|old|far|tall|high|large|big|fast|often|deep|heavy|wide)\b"
            r"|\bwhat (percent|percentage|number|age|size)\b|\bage of\b"
        ),
    ),
    ("time", re.compile(r"\bwhen\b|\b(what|which) (year|date|day|month|century|decade|time)\b")),
    ("person", re.compile(r"\bwho(m|se)?\b")),
    ("place", re.compile(r"\bwhere\b|\b(what|which) (country|city|state|place|county|location)\b")),
    ("reason", re.compile(r"\bwhy\b|\bpurpose\b|\breason\b|\bcauses?\b")),
    ("definition", re.compile(r"\bwhat (is|are|was|were|does)\b|\bmeaning\b|\bdefinition\b|\bdefine\b")),
)
NUMBER = re.compile(
    r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|hundred|thousand|million|billion"
    r"|several|dozen)\b",
    re.IGNORECASE,
)
TIME = re.compile(
    r"\b(January|February|March|April|May|June|July|August|September|October|November|December|1\d{3}|20\d{2}|century"
    r"|decade|\d+s)\b"
)
# A capital within a sentence.
NAME = re.compile(r"(?<!^)(?<![.!?] )\b[A-Z][\w'-]+")
PLACE = re.compile(r"\b(in|at|near|on|from|between|north|south|east|west|located|situated|bordered) (the )?[A-Z]")
REASON = re.compile(
    r"\b(because|due to|so that|in order to|to \w+|since|therefore|caused|result|reason|purpose)\b", re.IGNORECASE
)
DEFINITION = re.compile(r"\b(is|are|was|were) (a|an|the|one)\b", re.IGNORECASE)
PATTERNS: dict[Kind, re.Pattern[str]] = {
    "number": NUMBER,
    "time": TIME,
    "place": PLACE,
    "reason": REASON,
    "definition": DEFINITION,
}
UNKNOWN = 0.5


def kind_of(question: str) -> Kind:
    lowered = question.lower()
    return next((kind for kind, pattern in QUESTIONS if pattern.search(lowered)), "other")


def has_kind(sentence: str, kind: Kind, *, question: str) -> float:
    """1 where the sentence has something of the kind, 0 where it has not, UNKNOWN where nobody can say.

    A name that the question has already is no answer to who.
    """
    if kind == "person":
        lowered = question.lower()
        return float(any(name.lower() not in lowered for name in NAME.findall(sentence)))
    pattern = PATTERNS.get(kind)
    return float(bool(pattern.search(sentence))) if pattern else UNKNOWN
