from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from groups.accounts.passwords import AT_ONCE, NOBODYS, WAITING_OR_AT_IT, hash_password, matches
from groups.errors import SignInBusy

PASSWORD = "seven camphor trees"


def test_signing_in_never_takes_all_threads_from_the_carrier() -> None:
    kept = hash_password(PASSWORD)
    callers = WAITING_OR_AT_IT * 2
    together = Barrier(callers)

    def guess() -> str:
        together.wait()
        try:
            return "in" if matches(kept, PASSWORD) else "refused"
        except SignInBusy:
            return "busy"

    with ThreadPoolExecutor(callers) as pool:
        answers = list(pool.map(lambda _: guess(), range(callers)))

    assert answers.count("in") >= AT_ONCE
    assert answers.count("busy") >= 1
    assert "refused" not in answers
    assert matches(kept, PASSWORD), "the turns are given back"


def test_a_hash_costs_whoever_guesses_a_tenth_of_a_second_and_64_mib() -> None:
    assert hash_password(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert NOBODYS.startswith("$argon2id$v=19$m=65536,t=3,p=4$"), "where there is no account the answer takes as long"


def test_a_password_is_the_same_on_every_keyboard() -> None:
    assert matches(hash_password("café１２３４"), "cafe\u03011234")


def test_a_hash_that_is_none_matches_nothing() -> None:
    assert not matches("", PASSWORD)
    assert not matches("not a hash", PASSWORD)
