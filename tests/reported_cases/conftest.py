"""Small inputs that once failed, kept outside the repository, and read right since."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rag_app import Answer, Settings, ingest_paths, load_chain
from tests.reported_cases.questions import Asked

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

    from rag_app.answering.chain import Request

CASES = Path(__file__).parents[3] / "shared" / "cases"


@pytest.fixture(scope="session")
def cases() -> Path:
    if not CASES.is_dir():
        pytest.skip(f"the reported cases are not here: {CASES}")
    return CASES


@pytest.fixture(scope="session")
def ask(cases: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Asked], Answer]:
    """Answers a question by quotes from the documents of its folder, each folder ingested once."""

    @cache
    def chain_of(case: str) -> "Runnable[Request, Answer]":
        settings = Settings(collection=case, data_dir=tmp_path_factory.mktemp(case))
        documents = [path for path in sorted((cases / case).iterdir()) if path.name != "expected.md"]
        ingest_paths(documents, settings=settings)
        return load_chain(settings=settings)

    def answer(question: Asked) -> Answer:
        chain, history = chain_of(question.case), list[Any]()
        for earlier in question.before:
            history += [("human", earlier), ("ai", chain.invoke({"question": earlier, "history": history}).text)]
        return chain.invoke({"question": question.text, "history": history})

    return answer
