"""A test that is run again gets a lab of its own, and a trail that begins anew."""

from __future__ import annotations

import pytest

from pytest_kmslab import Lab, Trail, denied

labs: list[Lab] = []


@pytest.mark.flaky(reruns=1)
def test_the_second_run_finds_nothing_of_the_first(kmslab: Lab, kmslab_trail: Trail) -> None:
    labs.append(kmslab)
    nobody = kmslab.create_user()
    with denied("dynamodb:ListTables"):
        kmslab.as_(nobody).client("dynamodb").list_tables()
    assert len(kmslab_trail.denied("dynamodb:ListTables")) == 1
    assert len(kmslab.inventory()) == 2  # the administrator and nobody
    assert len(labs) == 2, "once on purpose"


def test_it_was_run_twice_in_two_labs(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from pytest_kmslab import denied

        labs = []

        def test_it(kmslab, outsider, kms_key):
            labs.append(kmslab)
            with denied("kms:Encrypt"):
                kmslab.as_(outsider).client("kms").encrypt(KeyId=kms_key.arn, Plaintext=b"x")
            assert len(labs) == 3 and len(set(map(id, labs))) == 3
    """)
    result = pytester.runpytest_inprocess("--reruns=2", "-p", "no:randomly")
    assert result.parseoutcomes() == {"passed": 1, "rerun": 2}
    result.stdout.fnmatch_lines(["kmslab: * decisions, 3 denied"])
