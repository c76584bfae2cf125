"""Settings from code, the environment and `.env`: what they list, which wins, and what is refused in which words."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from dotenv import dotenv_values

from rag_app import Settings
from vectorstore.errors import SettingsError

ROOT = Path(__file__).parents[2]
ENV_EXAMPLE = ROOT / ".env.example"
PROVIDER_NAMES = {"OPENAI_API_KEY", "OPENAI_BASE_URL"}
SETTING_NAMES = {f"RAG_{name.upper()}" for name in Settings.model_fields}
HINT = ".env.example says what it may be"


@pytest.fixture(autouse=True)
def _environment_restored() -> Iterator[None]:
    """What a `.env` file brings into the environment of this process leaves it with the test."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def described(text: str) -> dict[str, str]:
    """Of each name in `.env.example` the comment above it, on one line."""
    blocks = (block.splitlines() for block in text.split("\n\n"))
    entries = {lines[-1]: lines[:-1] for lines in blocks if re.match(r"#[A-Z_]+=", lines[-1])}
    return {
        line[1:].partition("=")[0]: " ".join(comment.removeprefix("# ") for comment in comments)
        for line, comments in entries.items()
    }


def error_of(**environment: str) -> tuple[str, str]:
    os.environ.update(environment)
    with pytest.raises(SettingsError) as caught:
        Settings()
    return caught.value.message, caught.value.hint


def test_the_example_lists_every_setting_with_its_description() -> None:
    found = described(ENV_EXAMPLE.read_text(encoding="utf-8"))
    assert set(found) == SETTING_NAMES | PROVIDER_NAMES
    for name, field in Settings.model_fields.items():
        assert found[f"RAG_{name.upper()}"] == field.description
    assert all(found[name] for name in PROVIDER_NAMES)


def test_the_example_with_every_line_taken_in_gives_the_defaults(tmp_path: Path) -> None:
    assert dotenv_values(ENV_EXAMPLE) == {}, "as it is, it sets nothing"
    text = ENV_EXAMPLE.read_text(encoding="utf-8")
    (tmp_path / ".env").write_text(re.sub(r"(?m)^#(?=[A-Z_]+=)", "", text), encoding="utf-8")
    assert set(dotenv_values(tmp_path / ".env")) == SETTING_NAMES | PROVIDER_NAMES
    del os.environ["RAG_DATA_DIR"], os.environ["RAG_VECTOR_CACHE_MB"]
    from_file = Settings()
    assert os.environ["RAG_COLLECTION"] == "default", "the file was not read"
    (tmp_path / ".env").unlink()
    for name in SETTING_NAMES:
        os.environ.pop(name, None)
    assert from_file == Settings()


def test_the_reference_names_every_setting() -> None:
    reference = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    assert set(re.findall(r"RAG_[A-Z_]*[A-Z]|OPENAI_[A-Z_]+", reference)) == SETTING_NAMES | PROVIDER_NAMES


def test_code_wins_over_the_environment_which_wins_over_the_env_file(tmp_path: Path) -> None:
    lines = "OPENAI_API_KEY=key-of-the-file\nRAG_COLLECTION=of-the-file\nRAG_TOP_K=9\nRAG_DISTANCE=l2\n"
    (tmp_path / ".env").write_text(lines, encoding="utf-8")
    os.environ.update(RAG_COLLECTION="of-the-environment", RAG_TOP_K="7", RAG_CHUNK_TOKENS="")
    settings = Settings(collection="of-the-code")
    assert (settings.collection, settings.top_k, settings.distance) == ("of-the-code", 7, "l2")
    assert settings.chunk_tokens == Settings.model_fields["chunk_tokens"].default, "an empty value is as none"
    assert os.environ["OPENAI_API_KEY"] == "key-of-the-file", "where providers look"
    with pytest.raises(Exception, match="frozen"):
        settings.top_k = 3


def test_folders_are_absolute_and_may_begin_at_home(tmp_path: Path) -> None:
    os.environ.update(HOME=str(tmp_path), RAG_DATA_DIR="~/documents")
    assert Settings().data_dir == tmp_path.resolve() / "documents"
    assert Settings(data_dir="here").data_dir == tmp_path.resolve() / "here"


@pytest.mark.parametrize(
    ("unknown", "nearest"),
    [
        ("RAG_COLECTION", "RAG_COLLECTION"),
        ("RAG_MODEL", "RAG_LLM"),
        ("RAG_TOPK", "RAG_TOP_K"),
        ("rag_topk", "RAG_TOP_K"),
    ],
)
def test_an_unknown_name_in_the_environment_suggests_the_nearest(unknown: str, nearest: str) -> None:
    told = error_of(**{unknown: "1"})
    assert told == (f"{unknown} is not a setting", f"did you mean {nearest}? .env.example lists every one")


def test_an_unknown_name_in_the_env_file_or_in_code_suggests_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings(colection="papers")
    assert caught.value.message == "colection is not a setting"
    assert caught.value.hint == "did you mean collection? .env.example lists every one"
    (tmp_path / ".env").write_text("RAG_DATADIR=/data\n", encoding="utf-8")
    assert error_of() == ("RAG_DATADIR is not a setting", "did you mean RAG_DATA_DIR? .env.example lists every one")


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("RAG_TOP_K", "many", "input should be a valid integer, unable to parse string as an integer"),
        ("RAG_TOP_K", "0", "input should be greater than or equal to 1"),
        ("RAG_TOP_K", "101", "input should be less than or equal to 100"),
        ("RAG_CHUNK_TOKENS", "5", "input should be greater than or equal to 32"),
        ("RAG_DISTANCE", "round", "input should be 'cosine', 'l2' or 'ip'"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_the_reason(name: str, value: str, reason: str) -> None:
    assert error_of(**{name: value}) == (f"{name}={value} cannot be used: {reason}", HINT)
