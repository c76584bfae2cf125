"""Which files an ingest takes: hidden and ignored ones passed over, oddities told and never opened, each file once."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.discovery import FoundFiles, find_files
from vectorstore.errors import InputError

Tree = Callable[..., Path]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Makes files below a folder, which it gives back; a text other than the name's own comes after `=`."""

    def make(*files: str) -> Path:
        for name, _, text in (file.partition("=") for file in files):
            path = tmp_path / "docs" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text or name, encoding="utf-8")
        return tmp_path / "docs"

    return make


def find(*paths: str | Path, include_all: bool = False, max_bytes: int = 1000) -> FoundFiles:
    return find_files(paths, include_all=include_all, max_bytes=max_bytes)


def names(folder: Path, *, include_all: bool = False) -> list[str]:
    return [str(file.path.relative_to(folder)) for file in find(folder, include_all=include_all).files]


def reasons(folder: Path) -> dict[str, str | None]:
    return {file.path.name: file.skip_reason for file in find(folder).files if file.skip_reason}


def test_a_folder_is_walked_by_name_with_sizes_and_times(tree: Tree) -> None:
    folder = tree("b.txt", "a/z.txt", "a/b/c.txt", "c.txt=12345")
    found = find(folder)
    assert names(folder) == ["a/b/c.txt", "a/z.txt", "b.txt", "c.txt"]
    assert (found.files[-1].size, found.files[-1].mtime_ns) == (5, (folder / "c.txt").stat().st_mtime_ns)
    assert found.folders == (folder,)


def test_hidden_files_and_folders_are_passed_over(tree: Tree) -> None:
    folder = tree("seen.txt", ".hidden.txt", ".git/config", ".venv/lib/a.py", "sub/.cache/b.txt", "sub/c.txt")
    assert names(folder) == ["seen.txt", "sub/c.txt"]


def test_all_takes_hidden_and_ignored_files_too(tree: Tree) -> None:
    folder = tree("seen.txt", ".hidden.txt", "no.log", ".gitignore=*.log")
    assert names(folder, include_all=True) == [".gitignore", ".hidden.txt", "no.log", "seen.txt"]


def test_a_hidden_or_ignored_file_or_folder_that_is_named_is_taken(tree: Tree) -> None:
    folder = tree(
        ".hidden.txt", "build/a.txt", "build/b/c.txt", ".secret/d.txt", ".gitignore=build/\n*.txt", ".git/HEAD"
    )
    assert len(find(folder / ".hidden.txt").files) == 1
    assert names(folder / "build") == ["a.txt", "b/c.txt"]
    assert names(folder / "build" / "b") == ["c.txt"]
    assert len(find(folder / "build" / "a.txt").files) == 1


def test_gitignore_holds_in_its_folder_and_below(tree: Tree) -> None:
    folder = tree("a.log", "sub/b.log", "sub/.gitignore=*.log", "sub/deep/c.log", "sub/d.txt")
    assert names(folder) == ["a.log", "sub/d.txt"]


def test_an_inner_gitignore_takes_back_what_an_outer_one_ignores(tree: Tree) -> None:
    folder = tree(".gitignore=*.log\n!keep.log", "keep.log", "a.log", "sub/.gitignore=!b.log", "sub/b.log", "sub/c.log")
    assert names(folder) == ["keep.log", "sub/b.log"]


def test_nothing_in_an_ignored_folder_can_be_taken_back(tree: Tree) -> None:
    folder = tree(".gitignore=build/\n!build/a.txt", "build/a.txt", "b.txt", "sub/build/c.txt", "sub/d.txt")
    assert names(folder) == ["b.txt", "sub/d.txt"]


def test_a_file_in_a_folder_of_which_all_is_ignored_can_be_taken_back(tree: Tree) -> None:
    folder = tree(".gitignore=build/**\n!build/keep.txt", "build/a.txt", "build/keep.txt", "build/x/b.txt", "c.txt")
    assert names(folder) == ["build/keep.txt", "c.txt"]


def test_a_rule_with_a_slash_holds_from_its_own_folder(tree: Tree) -> None:
    folder = tree(
        ".gitignore=/top.txt\nsub/*.md\n**/deep.txt", "top.txt", "sub/top.txt", "sub/a.md", "x/y/deep.txt", "sub/x/b.md"
    )
    assert names(folder) == ["sub/top.txt", "sub/x/b.md"]


def test_the_rules_of_the_repository_above_hold_in_a_folder_of_it(tree: Tree) -> None:
    folder = tree(".git/HEAD", ".gitignore=*.log", "sub/.gitignore=*.tmp", "sub/x/a.log", "sub/x/b.tmp", "sub/x/c.txt")
    assert names(folder / "sub" / "x") == ["c.txt"]


def test_rules_above_a_folder_that_is_in_no_repository_do_not_hold(tree: Tree) -> None:
    folder = tree(".gitignore=*.log", "sub/a.log")
    assert names(folder / "sub") == ["a.log"]


def test_rules_outside_a_nested_repository_do_not_hold_in_it(tree: Tree) -> None:
    folder = tree(".git/HEAD", ".gitignore=*.log", "inner/.git/HEAD", "inner/a.log")
    assert names(folder / "inner") == ["a.log"]


@pytest.mark.parametrize("rule", ["!", "\\", "[z-a]", "a\\", "! ", "\0", "é[", "\ufeff*.log", "*.log\r"])
def test_rules_that_git_too_cannot_read_are_passed_over(tree: Tree, rule: str) -> None:
    folder = tree(f".gitignore={rule}\n*.tmp", "a.tmp", "b.txt")
    assert names(folder) == ["b.txt"]


RULES = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "/", "**/", "!", "!/", "!**/"]),
    st.sampled_from(["*", "a", "b", "ab", "?", "[ab]", "*.b", "x/a", "x/**/a", "\\a", "#", " a", "a "]),
    st.sampled_from(["", "/", "/**", "/*"]),
)


@pytest.mark.skipif(shutil.which("git") is None, reason="no git to compare with: apt-get install git")
@settings(max_examples=40, derandomize=True)
@given(rules=st.lists(RULES, max_size=4), inner=st.lists(RULES, max_size=3))
def test_the_same_files_are_ignored_as_by_git(
    tmp_path_factory: pytest.TempPathFactory, rules: list[str], inner: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("repository")
    for name in ("a", "b", "ab", "x/a", "x/b", "x/ab/a", "x/ab/c.b", "y/a/b", "y/b/a.b", "y/#"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("text")
    (folder / ".gitignore").write_text("\n".join(rules))
    (folder / "x" / ".gitignore").write_text("\n".join(inner))
    subprocess.run(["git", "init", "-q", folder], check=True)
    listed = subprocess.run(
        ["git", "-C", folder, "ls-files", "--others", "--exclude-standard"], check=True, capture_output=True, text=True
    ).stdout.split("\n")
    assert sorted(names(folder)) == sorted(name for name in listed if name and ".gitignore" not in name)


def test_a_named_pipe_a_socket_and_a_device_are_told_and_never_opened(tree: Tree) -> None:
    folder = tree("a.txt")
    os.mkfifo(folder / "pipe.txt")
    (folder / "null.txt").symlink_to("/dev/zero")
    assert reasons(folder) == {"pipe.txt": "not a regular file", "null.txt": "not a regular file"}
    assert find(folder / "pipe.txt").files[0].skip_reason == "not a regular file"


def test_a_gitignore_that_is_a_named_pipe_is_never_opened(tree: Tree) -> None:
    folder = tree("a.txt")
    os.mkfifo(folder / ".gitignore")
    assert names(folder) == ["a.txt"]


def test_links_that_lead_nowhere_or_to_themselves_are_told(tree: Tree) -> None:
    folder = tree("a.txt")
    (folder / "gone.txt").symlink_to(folder / "nowhere.txt")
    (folder / "loop.txt").symlink_to(folder / "loop.txt")
    assert reasons(folder) == dict.fromkeys(("gone.txt", "loop.txt"), "a link that leads nowhere")


def test_a_link_to_a_file_is_read_and_a_link_to_a_folder_is_not_followed(tree: Tree) -> None:
    folder = tree("a/b.txt")
    (folder / "link.txt").symlink_to(folder / "a" / "b.txt")
    (folder / "again").symlink_to(folder)
    assert names(folder) == ["a/b.txt", "link.txt"]


def test_a_file_over_the_size_bound_is_told(tree: Tree) -> None:
    folder = tree("a.txt=12345", "b.txt=123456")
    (over,) = (file for file in find(folder, max_bytes=5).files if file.skip_reason)
    assert (over.path.name, over.skip_reason) == ("b.txt", "over the size bound of 0 MB (RAG_MAX_FILE_MB)")


def test_a_file_that_is_given_in_several_ways_is_found_once(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tree("a.txt", "b.txt")
    monkeypatch.chdir(folder)
    (folder.parent / "link").symlink_to(folder)
    found = find("a.txt", folder / "a.txt", ".", folder / ".." / "docs", "*.txt", folder.parent / "link" / "a.txt")
    assert [file.source for file in found.files] == [str(folder / "a.txt"), str(folder / "b.txt")]


def test_patterns_find_files_in_folders_of_any_depth(tree: Tree) -> None:
    folder = tree("a.md", "b.txt", "x/c.md", "x/y/d.md", "x/y/e.txt")
    found = [str(file.path.relative_to(folder)) for file in find(f"{folder}/**/*.md").files]
    assert found == ["a.md", "x/c.md", "x/y/d.md"]
    assert [file.path.name for file in find(f"{folder}/[b]*").files] == ["b.txt"]


def test_a_name_with_the_signs_of_a_pattern_is_that_file(tree: Tree) -> None:
    folder = tree("[draft] notes?.txt", "d notesx.txt")
    assert [file.path.name for file in find(folder / "[draft] notes?.txt").files] == ["[draft] notes?.txt"]


def test_a_pattern_that_matches_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        find(f"{tmp_path}/*.md")
    assert raised.value.message == f"nothing matches {tmp_path}/*.md"
    assert raised.value.hint == "check the pattern, or name a folder: rag ingest FOLDER"


def test_names_of_any_characters_are_found(tree: Tree) -> None:
    strange = [
        "new\nline.txt",
        "été 漢字 👩‍👩‍👧.txt",
        "-rf.txt",
        "$(id).txt",
        "'\".txt",
        "tab\t.txt",
        " .txt",
        "e\u0301.txt",
    ]
    folder = tree(*strange)
    assert sorted(names(folder)) == sorted(strange)


def test_a_name_that_is_not_utf_8_is_told_in_words_that_can_be_printed(tree: Tree) -> None:
    folder = tree("a.txt")
    (folder / os.fsdecode(b"caf\xe9.txt")).write_text("text")
    file = find(folder).files[1]
    assert file.source == f"{folder}/caf\\xe9.txt"
    assert file.skip_reason == "cannot be read: its name is not UTF-8 (rename it)"


@pytest.mark.parametrize(
    "path", ["nowhere", "~nobody-of-that-name/x", "x" * 5000, "a.txt/b", "loop/x"], ids=lambda path: path[:9]
)
def test_paths_that_lead_nowhere_are_told_apart(tree: Tree, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    folder = tree("a.txt")
    (folder / "loop").symlink_to("loop")
    monkeypatch.chdir(folder)
    found = find(path, "a.txt")
    assert [str(absent) for absent in found.absent] == [os.path.realpath(path)]
    assert len(found.files) == 1


def test_the_home_folder_may_be_written_short(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tree("a.txt")
    monkeypatch.setenv("HOME", str(folder))
    assert find("~/a.txt").files[0].path == folder / "a.txt"
