"""Keeps what the benchmarks measured in bench/results.json, from which `make docs` writes docs/figures.md.

A script records its result when it is called with --record. What `rag eval` prints is recorded by a pipe:
rag eval retrieval FOLDER --json | python bench/results.py "Retrieval: FOLDER" "rag eval retrieval FOLDER"
"""

import json
import os
import platform
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("results.json")


def arguments() -> list[str]:
    return [argument for argument in sys.argv[1:] if argument != "--record"]


def record(name: str, command: str, values: Mapping[str, Any]) -> None:
    """Replaces the result of this name ("Group: what was measured") and machine, if called with --record."""
    if "--record" in sys.argv:
        results, machine = json.loads(RESULTS.read_text(encoding="utf-8")), describe_machine()
        old = next((one for one in results if (one["name"], one["machine"]) == (name, machine)), {})
        new = {"name": name, "command": command, "machine": machine, "date": f"{datetime.now(UTC):%Y-%m-%d}"}
        results = [*(one for one in results if one is not old), {**old, **new, "values": values}]
        RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def describe_machine() -> str:
    facts = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    names = re.findall(r"model name\s*: (.*)", facts) or [platform.processor()]
    features = [name.upper() for name in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if f" {name} " in facts]
    return ", ".join([names[0], f"{os.cpu_count()} cores", *features[-1:]])


if __name__ == "__main__":
    result_name, shown_command = arguments()
    sys.argv.append("--record")
    record(result_name, shown_command, json.load(sys.stdin))
