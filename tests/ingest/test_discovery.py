"""Which files an ingest takes: hidden and ignored ones passed over, oddities named and never opened, each file once."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.discovery import FoundFiles, find_files, stamp_file
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


def test_a_folder_is_walked_by_name_with_sizes_and_stamps(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tree("b.txt", "a/z.txt", "a/b/c.txt", "c.txt=12345")
    found = find(folder)
    assert names(folder) == ["a/b/c.txt", "a/z.txt", "b.txt", "c.txt"]
    assert (found.files[-1].size, found.files[-1].stamp) == (5, 0)  # of a file that has changed just now, none
    monkeypatch.setattr("ingest.discovery.TICK_NS", -(10**12))
    assert find(folder).files[-1].stamp == stamp_file((folder / "c.txt").stat()) != 0
    assert found.folders == (folder,)


# Of each case the files that there are, the folder that is named, and what is found in it, parted by spaces.
IGNORED = {
    "hidden files and folders": ("seen .hidden .git/config .venv/lib/a sub/.cache/b sub/c", "", "seen sub/c"),
    "in its folder and below": ("a.log sub/b.log sub/.gitignore=*.log sub/deep/c.log sub/d", "", "a.log sub/d"),
    "an inner rule takes back what an outer one ignores": (
        ".gitignore=*.log\n!keep.log keep.log a.log sub/.gitignore=!b.log sub/b.log sub/c.log",
        "",
        "keep.log sub/b.log",
    ),
    "nothing in an ignored folder can be taken back": (
        ".gitignore=build/\n!build/a build/a b sub/build/c sub/d",
        "",
        "b sub/d",
    ),
    "a file in a folder of which all is ignored can be": (
        ".gitignore=build/**\n!build/keep build/a build/keep build/x/b c",
        "",
        "build/keep c",
    ),
    "a rule with a slash holds from its own folder": (
        ".gitignore=/top\nsub/*.md\n**/deep top sub/top sub/a.md x/y/deep sub/x/b.md",
        "",
        "sub/top sub/x/b.md",
    ),
    "rules of the repository above": (
        ".git/HEAD .gitignore=*.log sub/.gitignore=*.tmp sub/x/a.log sub/x/b.tmp sub/x/c",
        "sub/x",
        "c",
    ),
    "rules above a folder in no repository do not hold": (".gitignore=*.log sub/a.log", "sub", "a.log"),
    "rules around a repository do not hold": (".git/HEAD .gitignore=*.log in/.git/HEAD in/a.log", "in", "a.log"),
    "a hidden file that is named": (".hidden a .gitignore=* .git/HEAD", ".hidden", "."),
    "an ignored folder that is named": ("build/a build/b/c .gitignore=build/\n* .git/HEAD", "build", "a b/c"),
    "a folder in an ignored one": ("build/a build/b/c .gitignore=build/\n* .git/HEAD", "build/b", "c"),
    "a hidden folder that is named": (".secret/d .git/HEAD", ".secret", "d"),
    "a file in an ignored folder that is named": ("build/a .gitignore=build/ .git/HEAD", "build/a", "."),
}


@pytest.mark.parametrize("case", IGNORED)
def test_hidden_and_ignored_files_are_passed_over_unless_they_are_named(tree: Tree, case: str) -> None:
    files, named, found = IGNORED[case]
    assert names(tree(*files.split(" ")) / named) == found.split(" ")


@pytest.mark.parametrize("rule", ["!", "\\", "[z-a]", "a\\", "! ", "\0", "é[", "\ufeff*.log", "*.log\r"])
def test_rules_that_git_too_cannot_read_are_passed_over(tree: Tree, rule: str) -> None:
    assert names(tree(f".gitignore={rule}\n*.tmp", "a.tmp", "b.txt")) == ["b.txt"]


def test_all_takes_hidden_and_ignored_files_too(tree: Tree) -> None:
    folder = tree("seen.txt", ".hidden.txt", "no.log", ".gitignore=*.log")
    assert names(folder, include_all=True) == [".gitignore", ".hidden.txt", "no.log", "seen.txt"]


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


def test_pipes_devices_and_links_that_lead_nowhere_are_named_and_never_opened(tree: Tree) -> None:
    folder = tree("a.txt")
    os.mkfifo(folder / "pipe.txt")
    os.mkfifo(folder / ".gitignore")
    (folder / "null.txt").symlink_to("/dev/zero")
    (folder / "gone.txt").symlink_to(folder / "nowhere.txt")
    (folder / "loop.txt").symlink_to(folder / "loop.txt")
    found = {file.path.name: file.skip_reason for file in find(folder).files}
    assert found == {
        "a.txt": None,
        **dict.fromkeys(("pipe.txt", "null.txt"), "not a regular file"),
        **dict.fromkeys(("gone.txt", "loop.txt"), "a link that leads nowhere"),
    }
    assert find(folder / "pipe.txt").files[0].skip_reason == "not a regular file"


def test_a_link_to_a_file_is_read_once_and_one_to_a_folder_is_not_followed(tree: Tree) -> None:
    folder = tree("a/b.txt")
    (folder / "link.txt").symlink_to(folder / "a" / "b.txt")
    (folder / "again").symlink_to(folder)
    (folder / "link.txt").rename(folder / "a.link.txt")
    assert names(folder) == ["a/b.txt"]
    outside = folder.parent / "outside.txt"
    outside.write_text("outside")
    for name in ("one.txt", "two.txt"):
        (folder / name).symlink_to(outside)
    assert names(folder) == ["a/b.txt", "one.txt"]
    os.link(folder / "a" / "b.txt", folder / "hard.txt")
    assert names(folder) == ["a/b.txt", "hard.txt", "one.txt"]
    assert [file.path for file in find(folder, outside).files][-1] == outside


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


def test_patterns_find_files_in_folders_of_any_depth_unless_a_file_has_that_name(tree: Tree) -> None:
    folder = tree("a.md", "b.txt", "x/c.md", "x/y/d.md", "x/y/e.txt", "[draft] notes?.txt", "d notesx.txt")
    found = [str(file.path.relative_to(folder)) for file in find(f"{folder}/**/*.md").files]
    assert found == ["a.md", "x/c.md", "x/y/d.md"]
    assert [file.path.name for file in find(f"{folder}/[b]*").files] == ["b.txt"]
    assert [file.path.name for file in find(folder / "[draft] notes?.txt").files] == ["[draft] notes?.txt"]


def test_a_pattern_that_matches_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        find(f"{tmp_path}/*.md")
    assert raised.value.message == f"nothing matches {tmp_path}/*.md"
    assert raised.value.hint == "check the pattern, or name a folder: rag ingest FOLDER"


def test_names_of_any_characters_are_found(tree: Tree) -> None:
    strange = ["new\nline", "-rf", "$(id)", "'\"", "tab\t", " ", "e\u0301", "漢字 👩‍👩‍👧"]
    assert sorted(names(tree(*strange))) == sorted(strange)


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
