"""Does in a process of its own, for each line that it reads, what that says of the collection that it names.

python -m tests.vectorstore.storage.other_process; each line is a JSON list of a folder, a verb and its argument, and
each is answered by a line of JSON.
"""

import json
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.hash_embedding import hash_model
from tests.vectorstore.clustered import clustered, store_clustered
from tests.vectorstore.texts import found_texts, open_again, put, remove
from vectorstore.storage.store import Store

ROOT = Path(__file__).parents[3]


class OtherProcess:
    def __init__(self) -> None:
        pipe, command = subprocess.PIPE, [sys.executable, "-m", __spec__.name if __spec__ else __name__]
        self.child = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.orders, self.answers = self.child.stdin, self.child.stdout

    def send(self, folder: Path, verb: str, argument: Any = None) -> None:
        self.orders.write(json.dumps([str(folder), verb, argument]) + "\n")
        self.orders.flush()

    def answer(self) -> Any:
        return json.loads(self.answers.readline())

    def does(self, folder: Path, verb: str, argument: Any = None) -> Any:
        self.send(folder, verb, argument)
        return self.answer()

    def has_answered(self) -> bool:
        return has_input(self.answers)

    def end(self) -> None:
        self.child.kill()
        self.child.communicate()


def has_input(stream: Any, *, timeout_s: float = 0.0) -> bool:
    return bool(select.select([stream], [], [], timeout_s)[0])


def answer(store: Store, verb: str, argument: Any) -> Any:
    """`hold` keeps the write lock, and `reopen` opens the index as often as it can, until the next line."""
    if verb == "put":
        put(store, hash_model(), **argument)
    elif verb == "remove":
        remove(store, *argument)
    elif verb == "search":
        return found_texts(store, hash_model(), argument)
    elif verb == "store":  # documents by name, each with its number of chunks and its version
        ids = [store_clustered(store, name, chunks=chunks, version=version) for name, chunks, version in argument]
        return ids[-1]
    elif verb == "hold":
        with store.writing():
            say("held")
            sys.stdin.readline()
    elif verb == "reopen":
        opened = 0
        while not has_input(sys.stdin, timeout_s=0.01):
            store.close()
            assert store.snapshot().nearest(clustered(["question"])[0], limit=20)
            opened += 1
        sys.stdin.readline()
        return opened
    return "done"


def say(words: Any) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    say("ready")
    for line in sys.stdin:
        folder, verb, argument = json.loads(line)
        say(answer(open_again(Path(folder)), verb, argument))
