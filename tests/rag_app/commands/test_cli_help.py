"""The help of every command: there, with examples that can be given, and the options that the contract names."""

import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from rag_app.commands.main import app
from tests.conftest import CommandLine


def commands(group: Any, *path: str) -> Iterator[tuple[list[str], Any]]:
    """Each command of the tree with its name, groups included."""
    yield list(path), group
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, *path, name)


TREE = {" ".join(path): command for path, command in commands(typer.main.get_command(app))}
OF_NO_COLLECTION = ("eval claims", "train reader")
COMMANDS = sorted(set(TREE) - {""})


def test_the_commands_are_those_of_the_contract() -> None:
    assert set(TREE) >= {"ingest", "search", "ask", "show", "chat", "list", "delete", "status", "collections", "doctor"}
    assert set(TREE) >= {"collections rename", "collections delete"}


def test_without_arguments_help_is_shown(rag: CommandLine) -> None:
    bare, asked = rag(), rag("--help")
    assert bare.stdout == asked.stdout
    assert "Usage: rag [OPTIONS] COMMAND [ARGS]..." in bare.stdout
    assert all(f"\n  {name} " in bare.stdout for name in COMMANDS if " " not in name)
    assert (bare.returncode, bare.stderr, asked.returncode, asked.stderr) == (0, "", 0, "")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_does_with_examples_that_can_be_given(name: str) -> None:
    command, path = TREE[name], name.split()
    assert command.help
    assert all(parameter.help for parameter in command.params if parameter.name != "help")
    assert command.epilog.startswith("Example: rag ")
    for example in command.epilog.removeprefix("Example: ").split("   or: "):
        words = shlex.split(example)
        assert words[: len(path) + 1] == ["rag", *path]
        command.make_context(name, words[len(path) + 1 :])  # raises for what cannot be given
    options = {option for parameter in command.params for option in parameter.opts}
    if name not in ("eval", "train"):  # which by themselves only show their commands
        assert ("--collection" in options) == (name.split()[0] != "collections" and name not in OF_NO_COLLECTION)
        assert ("--json" in options) == (name != "chat")
