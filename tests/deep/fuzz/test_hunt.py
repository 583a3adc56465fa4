"""The hunt finds what is there to find, and makes it small."""

from __future__ import annotations

import json
from random import Random

import pytest
from deep.fuzz.hunt import hunt, reduced
from deep.fuzz.mutation import mutated

GOOD = json.dumps({"Statement": [{"Effect": "Deny", "Action": ["kms:*"], "Resource": "*"}]})


def test_a_broken_check_is_reported_with_a_small_input() -> None:
    def check(text: str) -> None:
        if "Deny" not in text:
            raise KeyError("no Deny")

    with pytest.raises(AssertionError, match="KeyError") as found:
        hunt(1, [GOOD], check)
    assert str(found.value).endswith("\n''")


def test_a_check_that_holds_is_silent() -> None:
    hunt(1, [GOOD], lambda text: None)


def test_reducing_keeps_what_is_needed() -> None:
    assert reduced("aaaXbbbYccc", lambda text: "X" in text and "Y" in text) == "XY"


def test_the_same_seed_gives_the_same_input() -> None:
    assert mutated(GOOD, Random(5)) == mutated(GOOD, Random(5))


def test_mutations_break_some_inputs_and_leave_others_readable() -> None:
    random = Random(6)
    readable = 0
    for _ in range(400):
        try:
            json.loads(mutated(GOOD, random))
            readable += 1
        except (ValueError, RecursionError):
            pass
    assert 100 < readable < 380
