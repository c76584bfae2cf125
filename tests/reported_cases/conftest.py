"""Small inputs that once failed, kept outside the repository, and read right since."""

from pathlib import Path

import pytest

CASES = Path(__file__).parents[3] / "shared" / "cases"


@pytest.fixture(scope="session")
def cases() -> Path:
    if not CASES.is_dir():
        pytest.skip(f"the reported cases are not here: {CASES}")
    return CASES
