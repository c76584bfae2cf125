"""Notebooks read as cells and what came out of them."""

import json
from typing import Any

import pytest

from tests.ingest.documents import refusal, text_of


def notebook(*cells: dict[str, Any]) -> str:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})


def code(*outputs: dict[str, Any]) -> dict[str, Any]:
    return {"cell_type": "code", "source": ["x = 1"], "outputs": list(outputs)}


def shown(**data: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "data": {name.replace("_", "/"): value for name, value in data.items()}}


CODE = "```\nx = 1\n```"


@pytest.mark.shows("ipynb", "Markdown cells, code, results, errors, warnings", "read", "HTML results as in web pages")
@pytest.mark.shows("ipynb", "colours of terminals, bars of progress, pictures without a text", "left out")
@pytest.mark.parametrize(
    ("output", "text"),
    [
        ({"output_type": "stream", "name": "stdout", "text": ["harvest 5172 kg\n"]}, "harvest 5172 kg"),
        ({"output_type": "stream", "name": "stderr", "text": "a\nb\x1b[0m\n"}, "```\na\nb\n```"),
        ({"output_type": "stream", "text": " 1%|#\r50%|##\r100%|###\n"}, "100%|###"),
        (shown(text_plain=["13.4"], text_html=["<b>moisture 13.4</b>"]), "moisture 13.4"),
        (shown(text_plain="1", text_html="<script>x</script>"), "1"),
        (shown(text_html="<table><tr><th>a<tr><td>1</table>", text_plain="a 1"), "| a |\n| --- |\n| 1 |"),
        (shown(text_markdown="**10** kg", text_plain="<Markdown object>"), "10 kg"),
        (shown(image_png="iVBORw0KGgo=", text_plain="<Figure size 640x480 with 1 Axes>"), ""),
        (
            {"output_type": "error", "ename": "E", "traceback": ["\x1b[0;31mE\x1b[0m: v", "at \x1b]8;;u\x07x"]},
            "```\nE: v\nat x\n```",
        ),
        ({"output_type": "error", "ename": "E", "evalue": "v", "traceback": []}, "E: v"),
        (
            {"output_type": "error", "ename": "Overflow", "evalue": "tank 7", "traceback": ["Cell 3", "at x"]},
            "```\nCell 3\nat x\nOverflow: tank 7\n```",
        ),
    ],
)  # fmt: skip
def test_outputs_are_read_without_colours_and_tags(output: dict[str, Any], text: str) -> None:
    assert text_of("a.ipynb", notebook(code(output))) == f"{CODE}\n\n{text}".rstrip()


def test_markdown_cells_read_as_they_are_shown() -> None:
    source = [
        "# Orbit\n",
        "A *note*, 10<sup>6</sup> and ~~9~~ $10^6$.\n\n",
        "![The pier](attachment:a.png)\n\n|a|\n|-|\n|1|",
    ]
    text = "# Orbit\n\nA note, 10^6 and ~~9~~ $10^6$.\n\n[picture: The pier]\n\n| a |\n| --- |\n| 1 |"
    assert text_of("a.ipynb", notebook({"cell_type": "markdown", "source": source})) == text
    assert text_of("a.ipynb", notebook({"cell_type": "raw", "source": "as is <b>"})) == "as is <b>"


def test_notebooks_of_the_third_version_are_read() -> None:
    cells = [
        {"cell_type": "heading", "level": 2, "source": ["Old"]},
        {"cell_type": "code", "input": ["x = 1"], "outputs": [{"output_type": "pyout", "html": ["<i>1</i>"]}]},
    ]  # fmt: skip
    old = json.dumps({"nbformat": 3, "metadata": {"name": ""}, "worksheets": [{"cells": cells}]})
    assert text_of("a.ipynb", old) == f"## Old\n\n{CODE}\n\n1"


@pytest.mark.parametrize("content", ["{", "[1]", '{"cells": 5}', '{"cells": [1]}', "[" * 200_000])
def test_what_is_no_notebook_is_refused(content: str) -> None:
    assert refusal("a.ipynb", content)[0].startswith("no notebook")
