"""The parts of README.md that are generated: settings and commands. `make readme` writes them anew."""

from pathlib import Path

from rag_app.commands.collections import collections_app
from rag_app.commands.evaluate import eval_app
from rag_app.commands.main import app
from rag_app.commands.train import train_app
from rag_app.settings import Settings

DEFAULT_FOLDERS = {"data_dir": "the user's data folder", "cache_dir": "the user's cache folder"}
README = Path(__file__).parents[1] / "README.md"


def settings_table() -> str:
    lines = ["| setting | default | what it is |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = DEFAULT_FOLDERS.get(name) or (f"`{field.default}`" if field.default is not None else "unset")
        lines.append(f"| `RAG_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(lines)


def commands_table() -> str:
    groups = [(group.info.epilog, group.info.help) for group in (collections_app, eval_app, train_app)]
    commands = [(info.epilog, info.callback and info.callback.__doc__) for info in app.registered_commands]
    lines = ["| for example | what it does |", "|---|---|"]
    for epilog, description in [*commands, *groups]:
        first, *others = str(epilog).removeprefix("Example: ").split("   or: ")
        examples = "<br>".join(f"`{example}`" for example in (first, *others))
        lines.append(f"| {examples} | {description} |")
    return "\n".join(lines)


PARTS = {"settings": settings_table, "commands": commands_table}


def generated(text: str) -> str:
    """The README with its generated parts as they should be."""
    for name, make in PARTS.items():
        before, rest = text.split(f"<!-- {name}: made by `make readme` -->\n")
        text = f"{before}<!-- {name}: made by `make readme` -->\n{make()}\n{rest[rest.index('<!-- end -->') :]}"
    return text


if __name__ == "__main__":
    README.write_text(generated(README.read_text(encoding="utf-8")), encoding="utf-8")
