"""What RAG_READER and RAG_LLM choose: the reader of passages and claims, and whether a chat model judges itself."""

from pathlib import Path

import pytest

from rag_app import Settings, load_retriever
from rag_app.wiring import build_writer, load_reader
from tests.rag_app.chat_models import SPEC
from tests.rag_app.fault_server import FaultServer
from vectorstore.search.cross_encoder import CrossEncoderReader
from vectorstore.search.reader import NoReader, Reader

NAMED = "some/cross-encoder"


@pytest.mark.parametrize(
    ("reader", "judges"), [("auto", True), ("own", False), ("chat", True), ("none", False), (NAMED, False)]
)
def test_a_chat_model_judges_what_it_wrote_unless_another_reader_is_chosen(
    reader: str, judges: bool, fault_server: FaultServer
) -> None:
    writer = build_writer(Settings(llm=SPEC, reader=reader))
    assert writer
    assert (writer.name, writer.judges) == (SPEC, judges)
    assert build_writer(Settings(reader=reader)) is None, "quotes need no model"
    assert fault_server.requests == []


@pytest.mark.parametrize(("reader", "judges"), [("auto", False), ("own", False), ("chat", True)])
def test_a_model_in_this_process_judges_only_where_that_is_asked_for(
    reader: str, judges: bool, smollm_path: Path
) -> None:
    writer = build_writer(Settings(llm=f"gguf:{smollm_path}", reader=reader))
    assert writer
    assert writer.judges == judges


def test_the_reader_is_our_own_once_a_process_or_none_or_a_cross_encoder_beside_it(samples_settings: Settings) -> None:
    own = load_reader(Settings())
    assert isinstance(own, Reader)
    assert all(load_reader(Settings(reader=name)) is own for name in ("own", "chat"))
    assert isinstance(load_reader(Settings(reader="none")), NoReader)
    named = load_reader(Settings(reader=NAMED))
    assert isinstance(named, CrossEncoderReader)
    assert named.name == NAMED
    assert load_retriever(settings=samples_settings).reader is own
    assert load_retriever(settings=samples_settings.model_copy(update={"reader": "none"})).reader is None
