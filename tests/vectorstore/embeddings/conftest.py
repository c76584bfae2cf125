"""One tiny encoder that is converted once for all tests."""

from pathlib import Path

import pytest

from tests.tiny_encoder import make_tiny_encoder

PROMPTS = {"query": "ask: ", "document": "text: "}


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pooled by the mean, normalized, with prompts: converted at the first use."""
    return make_tiny_encoder(tmp_path_factory.mktemp("tiny") / "encoder", is_normalized=True, prompts=PROMPTS)


@pytest.fixture(scope="session")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache folder that `tiny` is converted into."""
    return tmp_path_factory.mktemp("converted")
