"""The README's generated parts are those of today's code."""

import importlib.util
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[1]


def load_generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("readme", ROOT / "tests" / "readme.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_readme_lists_every_setting_and_command_as_the_code_has_them() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "made by `make readme`" in text
    assert text == load_generator().generated(text), "run `make readme`"


def test_every_setting_and_command_is_in_the_generated_parts() -> None:
    generator = load_generator()
    assert "`RAG_EMBEDDINGS`" in generator.settings_table()
    assert all(f"`rag {name} " in generator.commands_table() for name in ("ingest", "ask", "search", "show", "delete"))
