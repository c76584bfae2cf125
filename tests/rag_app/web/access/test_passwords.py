"""A password's hash fits it and nothing else; guessing is slowed; a session lasts until it is closed."""

import subprocess
import sys

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from rag_app.web.access.passwords import (
    FORGOTTEN_AFTER_S,
    MAX_ADDRESSES,
    Sessions,
    Throttle,
    as_hash,
    hash_password,
    is_password,
)
from tests.conftest import CommandLine
from vectorstore.errors import SettingsError


@settings(max_examples=2)
@given(st.text(), st.text())
def test_a_hash_fits_its_password_alone_and_says_nothing_of_it(password: str, other: str) -> None:
    hashed = hash_password(password)
    assert is_password(password, hashed)
    assert is_password(other, hashed) == (password == other)
    assert hash_password(password) != hashed
    assert as_hash(hashed) == hashed


@pytest.mark.parametrize(
    "half", ["scrypt:", "scrypt:14:8:5:salt", "scrypt:99:8:5:c2FsdA==:c2FsdA==", "scrypt:a:b:c:d:e"]
)
def test_what_begins_as_a_hash_and_is_none_is_refused_in_words_that_do_not_repeat_it(half: str) -> None:
    with pytest.raises(SettingsError) as caught:
        as_hash(half)
    assert half not in caught.value.message + caught.value.hint
    assert caught.value.hint == "make one: rag chat --hash-password"


def test_the_command_prints_a_hash_that_can_be_set_and_refuses_an_empty_one(rag: CommandLine) -> None:
    command = [sys.executable, "-m", "rag_app.commands.main", "chat", "--hash-password"]
    run = subprocess.run(command, input="öffne dich\n", capture_output=True, encoding="utf-8", timeout=60, check=True)
    name, _, hashed = run.stdout.strip().partition("=")
    assert name == "RAG_PASSWORD"
    assert is_password("öffne dich", hashed)
    refused = rag("chat", "--hash-password")  # whose input is empty
    assert (refused.returncode, refused.stdout) == (2, "")


def test_after_five_tries_each_costs_twice_the_wait_of_the_one_before_and_a_right_one_nothing() -> None:
    throttle, now, waits = Throttle(free=5, max_s=30.0), 0.0, list[float]()
    assert [throttle.wait_s("10.0.0.1", now=now) for _ in range(1_000)].count(0.0) == 5
    while len(waits) < 6:
        waits.append(throttle.wait_s("10.0.0.1", now=now))
        now += waits[-1]
        assert throttle.wait_s("10.0.0.1", now=now) == 0.0
    assert waits == [2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert throttle.wait_s("10.0.0.1", now=now + 30 + FORGOTTEN_AFTER_S + 1) == 0.0
    for _ in range(20):
        assert throttle.wait_s("10.0.0.2", now=now) == 0.0
        throttle.forgive("10.0.0.2", now=now)
    for number in range(2 * MAX_ADDRESSES):
        throttle.wait_s(str(number), now=now)
    assert len(throttle._tries) == MAX_ADDRESSES


def test_a_login_is_good_until_it_is_closed_and_only_where_it_was_opened() -> None:
    sessions = Sessions()
    token = sessions.open()
    assert sessions.is_open(token)
    assert not any(sessions.is_open(other) for other in (None, "", token[:-1], token + "="))
    assert not Sessions().is_open(token)
    sessions.close(token)
    assert not sessions.is_open(token)
