"""From LangChain's events to plain words: what is being done for an answer just now."""

from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document

OPENING = "Opening the models …"
REWRITING = "Making the question stand by itself …"
SEARCHING = "Searching the documents …"
WRITING = "Writing …"
CHECKING = "Checking each sentence …"


class Stages(BaseCallbackHandler):
    """Calls `tell` with the words for each stage of the chain; a model is said to write when its first word comes."""

    def __init__(self, question: str, tell: Callable[[str], None]) -> None:
        self._question, self._tell = question, tell
        self._has_passages = False

    def on_chat_model_start(self, serialized: dict[str, Any], messages: Any, **of_run: Any) -> None:
        if not self._has_passages:
            self._tell(REWRITING)

    def on_retriever_start(self, serialized: dict[str, Any], query: str, **of_run: Any) -> None:
        is_rewritten = query.split() != self._question.split()
        self._tell(f"Searching for: {query}" if is_rewritten else SEARCHING)

    def on_retriever_end(self, documents: Sequence[Document], **of_run: Any) -> None:
        self._has_passages = True
        self._tell(f"Reading {len(documents)} passage{'' if len(documents) == 1 else 's'} …")

    def on_llm_new_token(self, token: Any, **of_run: Any) -> None:
        if self._has_passages and str(token).strip():
            self._tell(WRITING)

    def on_llm_end(self, response: Any, **of_run: Any) -> None:
        if self._has_passages:
            self._tell(CHECKING)
