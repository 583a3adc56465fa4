"""pytest-randomly shuffles and seeds; subtests share the lab of their test; names never meet."""

from __future__ import annotations

import random
from typing import Any

import pytest

from pytest_kmslab import DynamoDBTable, IamUser, Lab, allowed, denied

names: set[str] = set()


@pytest.mark.parametrize("number", range(3))
def test_a_seed_that_repeats_makes_no_name_twice(kmslab: Lab, number: int) -> None:
    random.seed(1)
    table = kmslab.create_table()
    key = kmslab.create_key()
    assert not names & {table.name, key.id}
    names.update({table.name, key.id})


def test_subtests(
    kmslab: Lab, encrypted_table: DynamoDBTable, key_user: IamUser, outsider: IamUser, subtests: Any
) -> None:
    expected = {key_user.arn: (key_user, allowed()), outsider.arn: (outsider, denied("kms:Decrypt"))}
    for arn, (user, block) in expected.items():
        with subtests.test(arn), block:
            kmslab.as_(user).client("dynamodb").scan(TableName=encrypted_table.name)


def test_a_failing_subtest_shows_its_decisions(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from pytest_kmslab import allowed

        def test_it(kmslab, encrypted_table, outsider, subtests):
            with subtests.test("outsider"), allowed():
                kmslab.as_(outsider).client("dynamodb").scan(TableName=encrypted_table.name)
    """)
    result = pytester.runpytest_inprocess("-p", "no:randomly")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*ExpectationError: denied `kms:Decrypt`*", "kmslab: * 1 denied"])
